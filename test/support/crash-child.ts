import { text } from "node:stream/consumers";
import type * as FromSource from "../../server/app.ts";
import { openLog } from "../../server/log.ts";
import { loadSettings } from "../../server/settings.ts";
import type { Doomed } from "./crashing.ts";
import { faulty, stall } from "./faulty-storage.ts";

// As it was built, like the other servers of the tests: that starts in a third of the time. Built files have no types of their own.
const { openApp }: typeof FromSource = await import(String(new URL("../../dist/server/app.js", import.meta.url)));

/** Ends without ever ending: its bytes have all been taken, and it is never told so. */
const neverEnds = {
  bytes: async function* (source: AsyncIterable<Uint8Array>, wait: () => Promise<void>) {
    yield* source;
    await wait();
  },
};

// A worker that stops for good at one point, says so, and is killed there.
const doomed = JSON.parse(await text(process.stdin)) as Doomed;
const { settings } = loadSettings({}, { HOLDFAST_HOME: doomed.home, HOLDFAST_DATABASE_URL: doomed.url }, "");
const point = doomed.storage;
const { services } = await openApp(
  settings,
  openLog({ level: "fatal" }),
  async () => ({ add: async () => {} }),
  undefined,
  () => new Date(),
  (storage, id) => {
    if (!point || id !== point.id) return storage;
    const does = point.when === "before" ? stall() : point.when === "within" ? stall(1) : neverEnds;
    const stopping = faulty(storage, [
      { at: point.at, does, ...(point.name ? { name: new RegExp(point.name) } : {}), ...(point.call ? { call: point.call } : {}) },
    ]);
    void stopping.stalled().then(() => process.stdout.write("reached\n"));
    return stopping;
  },
);
process.stdout.write("ready\n");
const actor = { kind: "cli", name: "root", role: "ADMIN" } as const;
switch (doomed.work) {
  case "backup":
    await services.backups.perform(doomed.id);
    break;
  case "copy":
    await services.copies.perform(doomed.id);
    break;
  case "delete":
    await services.backups.remove(actor, doomed.id);
    break;
  default:
    throw doomed satisfies never;
}
process.stdout.write("ended\n");
