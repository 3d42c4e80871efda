import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type BackupRow, findBackup, pageBackups } from "../../server/db/backups.ts";
import { findRefusedDeletion, lockBackup } from "../../server/db/deletions.ts";
import { appendLog, readLog } from "../../server/db/operations.ts";
import { insertRestore } from "../../server/db/restores.ts";
import { findProtection } from "../../server/db/retention.ts";
import { Failure } from "../../server/domain/errors.ts";
import { type BackupId, newId, type RestoreId, type SourceId } from "../../server/domain/ids.ts";
import { manifestName } from "../../server/domain/naming.ts";
import type { Storage } from "../../server/engine/storage/storage.ts";
import { type AgedBackups, administrator, agedBackups } from "../support/aged-backups.ts";

let aged: AgedBackups;
let sourceId: SourceId;
let otherSource: SourceId;
beforeAll(async () => {
  aged = await agedBackups();
  otherSource = await aged.source("Staging");
});
afterAll(() => aged?.[Symbol.asyncDispose]());
beforeEach(async () => {
  aged.chosen.storage = (storage) => storage;
  sourceId = await aged.source(`Shop ${aged.now().toISOString()}`);
  aged.pass(1000);
});

const minute = 60_000;
const begin = (id: BackupId): Promise<BackupRow> => aged.deletions.begin({ id, sourceId }, async () => null);
const refused = new Failure("STORAGE_UNAVAILABLE", "The file is immutable.");
/** A storage that will not let go of anything of these backups. */
const refusing = (ids: readonly string[]) => (storage: Storage) => ({
  ...storage,
  async remove(name: string) {
    if (ids.some((id) => name.includes(id))) throw refused;
    await storage.remove(name);
  },
});

describe("a storage that will not let go of a backup", () => {
  it("hides no other deletion, is shown, and is asked again less and less often until it does", async () => {
    const cleanups = aged.cleanupsWith();
    const ids = [
      await aged.backup(sourceId, 1),
      await aged.backup(sourceId, 40),
      await aged.backup(sourceId, 50),
      await aged.backup(sourceId, 60),
    ];
    const stuck = ids[2] as BackupId;
    aged.chosen.storage = refusing([stuck]);
    const { removed, refused: left, freedBytes } = await cleanups.cleanup(administrator, { dryRun: false }, "CLI");
    expect(removed.map(({ id }) => id)).toEqual([ids[3], ids[1]]);
    expect(left).toMatchObject([{ id: stuck, problem: "The file is immutable." }]);
    expect(freedBytes).toBe(200);
    expect((await aged.stored(sourceId)).sort()).toEqual([ids[0], stuck].sort());
    expect(await findBackup(aged.db, stuck)).toBeNull();
    expect(await findRefusedDeletion(aged.db, stuck)).toMatchObject({ deletionProblem: "The file is immutable.", deletionAttempts: 1 });
    const { nodes } = await pageBackups(aged.db, { deleting: true, sourceId }, 10, null);
    expect(nodes.map(({ id }) => id)).toEqual([stuck]);

    const attempts = [];
    for (let each = 0; each < 16; each += 1) {
      await aged.deletions.finish();
      attempts.push((await findRefusedDeletion(aged.db, stuck))?.deletionAttempts);
      aged.pass(minute);
    }
    expect(attempts).toEqual([1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 5]);
    aged.chosen.storage = (storage) => storage;
    aged.pass(60 * minute);
    await aged.deletions.finish();
    expect(await findRefusedDeletion(aged.db, stuck)).toBeNull();
    expect(await aged.stored(sourceId)).toEqual([ids[0]]);
  });

  it("lets a deletion that can be done go on, however many others wait", async () => {
    const [stuck, free] = [await aged.backup(sourceId, 1), await aged.backup(sourceId, 2)];
    aged.chosen.storage = refusing([stuck]);
    await aged.deletions.erase(await begin(stuck));
    await begin(free);
    await aged.deletions.finish();
    expect(await aged.stored(sourceId)).toEqual([stuck]);
    aged.chosen.storage = (storage) => storage;
    aged.pass(2 * minute);
    await aged.deletions.finish();
    expect(await aged.stored(sourceId)).toEqual([]);
  });
});

describe("a deletion cut short", () => {
  // The process dies before its next write, wherever that is; what stands then is all that the next one finds.
  const dies = (writes: number) => (storage: Storage) => {
    let left = writes;
    return {
      ...storage,
      async remove(name: string) {
        if (left === 0) await new Promise<never>(() => {});
        left -= 1;
        await storage.remove(name);
        if (left === 0) died.resolve();
      },
    };
  };
  let died = Promise.withResolvers<void>();

  it.each([
    ["after the tombstone", 0],
    ["after the manifest", 1],
    ["after the data, before the row", 2],
  ])("%s is gone on with, and until then offers nothing", async (_, writes) => {
    const [id, other] = [await aged.backup(sourceId, 1), await aged.backup(sourceId, 2)];
    const row = await begin(id);
    died = Promise.withResolvers<void>();
    if (writes > 0) {
      aged.chosen.storage = dies(writes);
      void aged.deletions.erase(row);
      await died.promise;
    }
    expect(await findBackup(aged.db, id)).toBeNull();
    aged.chosen.storage = (storage) => storage;
    const files = [];
    for await (const { name } of aged.opened().list(`${row.folder}/`)) files.push(name.split("/").at(-1));
    expect(files.includes(manifestName)).toBe(writes === 0);
    expect(files).toHaveLength(2 - writes);
    await aged.deletions.finish();
    expect(await aged.stored(sourceId)).toEqual([other]);
    expect((await pageBackups(aged.db, { deleting: true, sourceId }, 10, null)).totalCount).toBe(0);
    expect(await findBackup(aged.db, other)).not.toBeNull();
  });

  it("waits for a restore that is beginning with the backup at this moment, and is then refused", async () => {
    const id = await aged.backup(sourceId, 1);
    const { deletion } = await aged.db.transaction(async (tx) => {
      await lockBackup(tx, id);
      const looked = aged.deletions.begin({ id, sourceId }, async (reading, row) =>
        (await findProtection(reading, row, aged.now())).inUse ? new Failure("CONFLICT", "It is being restored.") : null,
      );
      const outcome = looked.then(
        () => "deleted",
        (error: Failure) => error.message,
      );
      await insertRestore(tx, {
        ...{ id: newId<RestoreId>(), name: "r", type: "FULL", mode: "REPLACE", staged: true, backupBeforeRestore: false, actor: "root" },
        ...{ backupId: id, targetSourceId: otherSource, status: "QUEUED", createdAt: aged.now() },
      });
      return { deletion: outcome };
    });
    expect(await deletion).toBe("It is being restored.");
    expect(await findBackup(aged.db, id)).not.toBeNull();
  });

  it("takes its log with it, and that of its verifications", async () => {
    const id = await aged.backup(sourceId, 1);
    await appendLog(aged.db, id, [{ sequence: 1, at: aged.now(), level: "INFO", message: "dumping" }]);
    const verification = await aged.verified(id, true);
    await appendLog(aged.db, verification, [{ sequence: 1, at: aged.now(), level: "INFO", message: "reading" }]);
    expect(await aged.deletions.erase(await begin(id))).toBeNull();
    expect([...(await readLog(aged.db, id, 0)), ...(await readLog(aged.db, verification, 0))]).toEqual([]);
  });

  it("is refused for what is pinned, still being taken, or gone", async () => {
    const [pinned, running] = [await aged.backup(sourceId, 1, { pinned: true }), await aged.backup(sourceId, 2, { status: "RUNNING" })];
    await expect(begin(pinned)).rejects.toMatchObject({ code: "CONFLICT", reason: "PINNED" });
    await expect(begin(running)).rejects.toMatchObject({ code: "CONFLICT" });
    await aged.deletions.erase(await begin(await aged.backup(sourceId, 3)));
    const id = await aged.backup(sourceId, 4);
    const [first, second] = await Promise.allSettled([begin(id), begin(id)]);
    expect([first.status, second.status].sort()).toEqual(["fulfilled", "rejected"]);
    await rm(join(aged.storage, sourceId.slice(0, 8), id), { recursive: true });
    await aged.deletions.finish();
    expect(await findRefusedDeletion(aged.db, id)).toBeNull();
  });
});
