import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findBackup } from "../../server/db/backups.ts";
import { insertCleanup } from "../../server/db/cleanups.ts";
import { appendLog, readLog } from "../../server/db/operations.ts";
import { findRestore, insertRestore } from "../../server/db/restores.ts";
import { type BackupId, type CleanupId, newId, type OperationId, type RestoreId, type SourceId } from "../../server/domain/ids.ts";
import type { RestoreJournal } from "../../server/domain/restore.ts";
import { createHistory } from "../../server/services/history.ts";
import { type AgedBackups, administrator, agedBackups } from "../support/aged-backups.ts";

let aged: AgedBackups;
let sourceId: SourceId;
const day = 86_400_000;
beforeAll(async () => {
  aged = await agedBackups();
  sourceId = await aged.source("Shop");
  aged.chosen.settings = { historyDays: 100 };
});
afterAll(() => aged?.[Symbol.asyncDispose]());

const upkeep = async (paused: string | null = null) => {
  await createHistory({ catalog: aged.db, settings: aged.settings, clock: { state: async () => ({ paused }) }, now: aged.now }).upkeep();
  await aged.deletions.finish();
};
const ago = (days: number) => new Date(aged.now().getTime() - days * day);

async function restore(
  days: number,
  more: { backupId?: BackupId; journal?: RestoreJournal; status?: "QUEUED" | "FAILED" } = {},
): Promise<RestoreId> {
  const id = newId<RestoreId>();
  await insertRestore(aged.db, {
    ...{ id, name: "r", type: "FULL", mode: "REPLACE", staged: true, backupBeforeRestore: false, actor: "root" },
    ...{ targetSourceId: sourceId, status: "COMPLETED", createdAt: ago(days), ...more },
  });
  await appendLog(aged.db, id, [{ sequence: 1, at: ago(days), level: "INFO", message: "done" }]);
  return id;
}
const logged = async (id: OperationId) => (await readLog(aged.db, id, 0)).length > 0;

describe("the history", () => {
  it("forgets old failures with whatever they left, and never a backup that completed or is newer", async () => {
    const failed = await aged.backup(sourceId, 101, { status: "FAILED" });
    const kept = [
      await aged.backup(sourceId, 900),
      await aged.backup(sourceId, 99, { status: "FAILED" }),
      await aged.backup(sourceId, 101, { status: "QUEUED" }),
    ];
    await appendLog(aged.db, failed, [{ sequence: 1, at: ago(101), level: "ERROR", message: "no" }]);
    await upkeep("The clock jumped.");
    expect(await findBackup(aged.db, failed)).not.toBeNull();
    await upkeep();
    expect((await aged.stored(sourceId)).sort()).toEqual([...kept].sort());
    for (const id of kept) expect(await findBackup(aged.db, id)).not.toBeNull();
    expect(await logged(failed)).toBe(false);
  });

  it("forgets restores, cleanups and their logs, but not what belongs to a backup, waits, or has to be put right", async () => {
    aged.pass(day);
    const backupId = await aged.backup(sourceId, 300);
    const gone = await restore(101);
    const journal = { state: "prepared" } as unknown as RestoreJournal;
    const kept = [
      await restore(99),
      await restore(101, { backupId }),
      await restore(101, { journal, status: "FAILED" }),
      await restore(101, { status: "QUEUED" }),
    ];
    const cleanup = newId<CleanupId>();
    await insertCleanup(aged.db, { id: cleanup, trigger: "CLI", actor: "root", status: "COMPLETED", createdAt: ago(101) });
    await upkeep();
    expect(await findRestore(aged.db, gone)).toBeNull();
    expect(await logged(gone)).toBe(false);
    for (const id of kept) expect([(await findRestore(aged.db, id)) !== null, await logged(id)]).toEqual([true, true]);
    expect(await aged.cleanupsWith().find(administrator, cleanup)).toBeNull();
  });

  it("is looked through once a day", async () => {
    const late = await restore(101);
    await upkeep();
    expect(await findRestore(aged.db, late)).not.toBeNull();
    aged.pass(day);
    await upkeep();
    expect(await findRestore(aged.db, late)).toBeNull();
  });

  it("goes through a backlog in small batches, all of it", async () => {
    aged.pass(day);
    const rows = Array.from({ length: 1200 }, () => newId<CleanupId>());
    for (const id of rows) await insertCleanup(aged.db, { id, trigger: "SCHEDULE", actor: "daily", status: "FAILED", createdAt: ago(200) });
    await upkeep();
    expect((await aged.cleanupsWith().page(administrator, 1, null)).totalCount).toBe(0);
  });
});
