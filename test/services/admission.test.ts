import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { insertBackup } from "../../server/db/backups.ts";
import { insertSource } from "../../server/db/sources.ts";
import { insertStorage } from "../../server/db/storages.ts";
import type { Actor } from "../../server/domain/access.ts";
import { type BackupId, newId, type SourceId, type StorageId } from "../../server/domain/ids.ts";
import { defaultSettings } from "../../server/domain/settings.ts";
import { usualOptions } from "../../server/domain/source-load.ts";
import { memoryBus } from "../../server/events/memory.ts";
import { createAdmission } from "../../server/services/admission.ts";
import { createFollowers } from "../../server/services/followers.ts";
import { createOperations } from "../../server/services/operations.ts";
import { freshCatalog } from "../support/catalog.ts";

const admin: Actor = { kind: "cli", name: "root", role: "ADMIN" };
const places = { ...defaultSettings, concurrency: 4, concurrencyPerSource: 2 };
const now = () => new Date();

let fresh: Awaited<ReturnType<typeof freshCatalog>>;
const unforeseen: unknown[] = [];
beforeAll(async () => {
  fresh = await freshCatalog();
});
afterAll(async () => {
  await fresh?.[Symbol.asyncDispose]();
  expect(unforeseen).toEqual([]);
});

/** One of the processes on the catalog: what it is woken for, it runs as `work`, as soon as it may. */
function process(work: (id: BackupId) => Promise<void>, unlimited = false) {
  const db = fresh.catalog.db;
  const bus = memoryBus();
  const onError = (error: unknown) => void unforeseen.push(error);
  const queue = { add: async (_: string, id: string) => void operations.run(id as BackupId, () => work(id as BackupId)).catch(onError) };
  const admission = createAdmission({ catalog: db, bus, queue, settings: { current: async () => places }, now, onError, unlimited });
  const followers = createFollowers(onError);
  followers.add(admission.follow);
  const operations = createOperations({ db, bus, now, admission, onError, ended: followers.tell });
  return { admission, operations };
}

async function addSource(name: string): Promise<SourceId> {
  const id = newId<SourceId>();
  const noDatabase = { databaseHost: null, databasePort: null, databaseUser: null, databasePassword: null, databaseName: null };
  await insertSource(fresh.catalog.db, {
    ...{ id, name, slug: name, mediaPaths: [], excludePatterns: [], createdAt: now(), ...noDatabase },
    ...{ databaseSocket: null, databaseTls: false, targetBackupAgeHours: null, targetProofAgeHours: null, ...usualOptions },
  });
  return id;
}

async function addWaiting(sourceId: SourceId, storageId: StorageId, index: number): Promise<BackupId> {
  const id = newId<BackupId>();
  await insertBackup(fresh.catalog.db, {
    ...{ id, sourceId, storageId, name: id, folder: id, type: "MEDIA", trigger: "MANUAL", actor: "root", artifacts: [] },
    ...{ compression: "NONE", compressionLevel: 0, excludeLogs: true, status: "QUEUED", createdAt: new Date(now().getTime() + index) },
  });
  return id;
}

describe("operations that wait", () => {
  it("never run in greater number than the settings say, in two processes together, and end all, every source in its turn", async () => {
    const storageId = newId<StorageId>();
    const { db } = fresh.catalog;
    await insertStorage(db, {
      ...{
        id: storageId,
        name: "Here",
        kind: "LOCAL",
        config: { directory: "/nowhere" },
        isDefault: true,
        sizeCapBytes: null,
        createdAt: now(),
      },
    });
    const sources = [await addSource("large"), await addSource("small"), await addSource("tiny")];
    const sourceOf = new Map<BackupId, SourceId>();
    for (let index = 0; index < 50; index += 1) {
      const sourceId = sources[index < 44 ? 0 : index < 48 ? 1 : 2] ?? newId<SourceId>();
      sourceOf.set(await addWaiting(sourceId, storageId, index), sourceId);
    }
    const running: BackupId[] = [];
    const begun: (SourceId | undefined)[] = [];
    const excess: string[] = [];
    const ended = Promise.withResolvers<void>();
    let left = sourceOf.size;
    // Nobody ends before all have asked: on a slow machine the first source would else be through before the others come.
    const allAsked = Promise.withResolvers<void>();
    const asking = new Set<object>();
    const answered = (asked: object) => asking.delete(asked) && asking.size === 0 && allAsked.resolve();
    const work = async (id: BackupId) => {
      running.push(id);
      begun.push(sourceOf.get(id));
      const beside = running.filter((other) => sourceOf.get(other) === sourceOf.get(id)).length;
      if (running.length > 4 || beside > 2) excess.push(`${running.length} in all, ${beside} of one source`);
      await allAsked.promise;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
      running.splice(running.indexOf(id), 1);
      left -= 1;
      if (left === 0) ended.resolve();
    };
    const processes = [process(work), process(work)];
    // As if all their jobs came at once, in both processes.
    const runs = [...sourceOf.keys()].flatMap((id) => processes.map(({ operations }) => ({ operations, id })));
    for (const run of runs) asking.add(run);
    const ask = async (run: (typeof runs)[number]) => {
      const begin = () => {
        answered(run);
        return work(run.id);
      };
      await run.operations.run(run.id, begin);
      answered(run);
    };
    await Promise.all(runs.map(ask));
    await ended.promise;
    for (const { admission } of processes) admission.stop();
    expect(excess).toEqual([]);
    expect(begun).toHaveLength(50);
    // The sources with little to do were not behind all of the large one's.
    expect(begun.slice(0, 16).filter((source) => source !== sources[0])).toHaveLength(6);
  });

  it("say once why they wait; a command begins its own at once", async () => {
    const [sourceId, storageId] = [await addSource("full"), (await fresh.catalog.db.query.storages.findFirst())?.id];
    if (!storageId) throw new Error("The storage is missing.");
    const ids: BackupId[] = [];
    for (const index of [0, 1, 2, 3]) ids.push(await addWaiting(sourceId, storageId, index));
    const [one, two, third, fourth] = ids as [BackupId, BackupId, BackupId, BackupId];
    const release = Promise.withResolvers<void>();
    const [server, command] = [process(() => release.promise), process(async () => {}, true)];
    const first: Promise<boolean>[] = [];
    for (const id of [one, two]) {
      const begun = Promise.withResolvers<void>();
      first.push(
        server.operations.run(id, () => {
          begun.resolve();
          return release.promise;
        }),
      );
      await begun.promise;
    }
    for (const _ of [1, 2]) expect(await server.operations.run(third, () => release.promise)).toBe(false);
    expect((await server.operations.log(third, 0)).map(({ message }) => message)).toEqual([
      "Waiting: 2 of 2 operations run on this source.",
    ]);
    expect(await command.operations.run(fourth, async () => {})).toBe(true);
    await server.operations.cancel(admin, third);
    release.resolve();
    await Promise.all(first);
    server.admission.stop();
  });
});
