import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject } from "vitest";
import { type App, openApp } from "../../server/app.ts";
import type { Actor } from "../../server/domain/access.ts";
import type { BackupId, CleanupId, CopyId, RestoreId, SourceId, VerificationId } from "../../server/domain/ids.ts";
import { openLog } from "../../server/log.ts";
import type { Alarm, ScheduleAlarm } from "../../server/services/alarm.ts";
import type { AdaptStorage } from "../../server/services/storage-adapters.ts";
import { loadSettings } from "../../server/settings.ts";
import { migratedDatabase } from "./shared-server.ts";

export const administrator: Actor = { kind: "user", id: "1", name: "Ada", email: "ada@example.org", role: "ADMIN" };

/** The whole application without HTTP and Agenda, on a catalog of its own, with a clock that the test moves. */
export interface Wired extends AsyncDisposable {
  readonly app: App;
  readonly home: string;
  readonly alarms: ReadonlyMap<string, Date>;
  /** Errors and warnings of the log. */
  readonly complaints: readonly string[];
  /** Moves the clock. */
  setClock(instant: Date): void;
  now(): Date;
  /** The catalog's address. */
  readonly url: string;
  /** Carries out what waits, one after the other, until nothing does, and all that follows from it. */
  performAll(): Promise<void>;
  /** Leaves what waits to somebody else. */
  forgetWaiting(): void;
  /** Cancels what waits, and all that follows from it. */
  cancelAll(): Promise<void>;
  /** A source of one small file. */
  addMedia(name: string): Promise<SourceId>;
}

/** `adapt` stands before each storage. */
export async function wired(start: Date, adapt?: AdaptStorage): Promise<Wired> {
  const home = await mkdtemp(join(tmpdir(), "holdfast-wired-"));
  const database = await migratedDatabase();
  const { port, password } = inject("mariadb");
  const url = `mysql://root:${encodeURIComponent(password)}@127.0.0.1:${port}/${database.name}`;
  const { settings } = loadSettings({}, { HOLDFAST_HOME: home, HOLDFAST_DATABASE_URL: url }, "");
  let at = start;
  const [alarms, complaints]: [Map<string, Date>, string[]] = [new Map(), []];
  const opened = openLog({ level: "warn", destination: { write: (line) => void complaints.push(line) } });
  const waiting: { readonly job: string; readonly id: string }[] = [];
  const queue = { add: async (job: string, id: string) => void waiting.push({ job, id }), alarm: alarmOver(alarms) };
  const app = await openApp(
    settings,
    opened,
    async () => queue,
    undefined,
    () => at,
    adapt,
  );
  const { services } = app;
  const perform: Readonly<Record<string, (id: string) => Promise<unknown>>> = {
    backup: (id) => services.backups.perform(id as BackupId),
    restore: (id) => services.restores.perform(id as RestoreId),
    verification: (id) => services.verifications.perform(id as VerificationId),
    cleanup: (id) => services.cleanups.perform(id as CleanupId),
    copy: (id) => services.copies.perform(id as CopyId),
  };
  return {
    app,
    home,
    url,
    alarms,
    complaints,
    setClock: (instant) => {
      at = instant;
    },
    now: () => at,
    async performAll() {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        await perform[next.job]?.(next.id);
        await app.idle();
        await services.scheduleRuns.wake();
      }
    },
    forgetWaiting: () => void waiting.splice(0),
    async cancelAll() {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        await services.operations.cancel(administrator, next.id as BackupId);
        await app.idle();
        await services.scheduleRuns.wake();
      }
    },
    async addMedia(name) {
      const folder = join(home, "media", name);
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, "one.txt"), name);
      return (await services.sources.create(administrator, { name, mediaPaths: [folder] })).id;
    },
    async [Symbol.asyncDispose]() {
      await app.close();
      await database[Symbol.asyncDispose]();
      await rm(home, { recursive: true, force: true });
    },
  };
}

const alarmOver = (alarms: Map<string, Date>): Alarm => {
  const set = async (changes: readonly ScheduleAlarm[]) => {
    for (const { id, at } of changes)
      if (at) alarms.set(id, at);
      else alarms.delete(id);
  };
  return {
    set,
    async replaceAll(all) {
      alarms.clear();
      await set(all);
    },
  };
};
