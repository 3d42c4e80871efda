import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { findBackup, setPinned } from "../../server/db/backups.ts";
import { insertCleanup, recordCleanup } from "../../server/db/cleanups.ts";
import { insertDownload } from "../../server/db/downloads.ts";
import { insertRestore } from "../../server/db/restores.ts";
import { type BackupId, type CleanupId, newId, type RestoreId, type SourceId } from "../../server/domain/ids.ts";
import type { Cleanups } from "../../server/services/cleanups.ts";
import { type AgedBackups, administrator, agedBackups } from "../support/aged-backups.ts";

let aged: AgedBackups;
let cleanups: Cleanups;
let sourceId: SourceId;
let number = 0;
beforeAll(async () => {
  aged = await agedBackups();
  cleanups = aged.cleanupsWith();
});
afterAll(() => aged?.[Symbol.asyncDispose]());
beforeEach(async () => {
  aged.chosen.settings = { retentionDays: 30 };
  aged.chosen.storage = (storage) => storage;
  number += 1;
  sourceId = await aged.source(`Shop ${number}`);
});

const cleanup = (options: { days?: number; dryRun?: boolean; force?: boolean } = {}) =>
  cleanups.cleanup(administrator, { dryRun: false, ...options }, "CLI");
/** Which of these still have files. */
const stored = (ids: readonly string[]) => aged.storedOf(sourceId, ids);
const aging = (...days: readonly number[]) => aged.aging(sourceId, days);
/** Calls `act` when the first removal reaches the storage: between the plan and the other deletions. */
function atFirstRemoval(act: () => Promise<void>): void {
  let acted = false;
  aged.chosen.storage = (storage) => ({
    ...storage,
    async remove(name) {
      if (!acted) {
        acted = true;
        await act();
      }
      await storage.remove(name);
    },
  });
}

describe("cleanup", () => {
  it("removes exactly what its dry run and its preview say, files and all, and then has nothing more to do", async () => {
    const ids = await aging(1, 20, 29, 31, 45);
    const preview = await cleanups.preview(administrator, { sourceId });
    const dry = await cleanup({ dryRun: true });
    expect(await stored(ids)).toEqual(ids);
    expect(preview.verdicts.filter(({ keep }) => !keep).map(({ backup }) => backup.id)).toEqual(ids.slice(3));
    expect(preview).toMatchObject({ keptCount: 3, removedCount: 2, freedBytes: 200, pausedReason: null });
    expect(dry.removed.map(({ id }) => id)).toEqual([ids[4], ids[3]]);
    const real = await cleanup();
    expect({ ...real, dryRun: true, cleanupId: null, backups: [] }).toEqual({ ...dry, backups: [] });
    expect(real.backups.map(({ id }) => id)).toEqual(dry.backups.map(({ id }) => id));
    expect(await stored(ids)).toEqual(ids.slice(0, 3));
    expect(await findBackup(aged.db, ids[4] as BackupId)).toBeNull();
    expect((await cleanup()).removed).toEqual([]);
    expect(await cleanups.find(administrator, real.cleanupId as CleanupId)).toMatchObject({
      ...{ status: "COMPLETED", removedCount: 2, freedBytes: 200, trigger: "CLI", actor: "command line (root)" },
    });
  });

  it("leaves the newest good and the newest proven backup, however old, where all since then failed or are damaged", async () => {
    const [damaged, good, older, proven, oldest] = await aging(40, 300, 310, 400, 500);
    await aged.verified(damaged as BackupId, false, "CHECKSUM");
    await aged.verified(proven as BackupId, true);
    await aged.backup(sourceId, 1, { status: "FAILED" });
    await cleanup({ days: 1 });
    expect(await stored([damaged, good, older, proven, oldest] as string[])).toEqual([damaged, good, proven]);
    const { verdicts } = await cleanups.preview(administrator, { sourceId });
    expect(verdicts.map(({ explanation }) => explanation)).toEqual([
      "Kept: found damaged, but no good backup since then holds the same.",
      `Kept: the newest good backup of Shop ${number}.`,
      `Kept: the newest backup of Shop ${number} that a drill has restored.`,
    ]);
  });

  it("keeps the newest of each part where no one backup holds both", async () => {
    const ids = [
      await aged.backup(sourceId, 90, { type: "DATABASE" }),
      await aged.backup(sourceId, 100, { type: "MEDIA" }),
      await aged.backup(sourceId, 110, { type: "FULL" }),
    ];
    await cleanup();
    expect(await stored(ids)).toEqual(ids.slice(0, 2));
  });

  it("takes `days` for every limit by days, and never below what is protected", async () => {
    const [newest, pinned, other] = await aging(3, 5, 6);
    await setPinned(aged.db, pinned as BackupId, true);
    await expect(cleanup({ days: 0 })).rejects.toMatchObject({ code: "BAD_USER_INPUT", reason: "RETENTION_INVALID" });
    await cleanup({ days: 1 });
    expect(await stored([newest, pinned, other] as string[])).toEqual([newest, pinned]);
  });

  it("leaves what a restore, a verification or a download needs", async () => {
    const [, restored, copied, verified, downloaded, expired] = await aging(1, 50, 51, 52, 53, 54);
    const restore = { name: "r", type: "FULL", mode: "REPLACE", staged: true, backupBeforeRestore: true, actor: "root" } as const;
    await insertRestore(aged.db, {
      ...restore,
      ...{ id: newId<RestoreId>(), backupId: restored ?? null, targetSourceId: sourceId, status: "QUEUED", createdAt: aged.now() },
    });
    const journal = { state: "prepared" } as never;
    await insertRestore(aged.db, {
      ...restore,
      ...{
        id: newId<RestoreId>(),
        preRestoreBackupId: copied ?? null,
        targetSourceId: sourceId,
        status: "FAILED",
        createdAt: aged.now(),
        journal,
      },
    });
    await aged.verified(verified as BackupId, null);
    const link = (backupId: BackupId | undefined, minutes: number) =>
      insertDownload(
        aged.db,
        {
          ...{ tokenHash: `${minutes} ${number}`.padEnd(64), backupId: backupId as BackupId, artifact: null, path: null, filename: "f" },
          expiresAt: new Date(aged.now().getTime() + minutes * 60_000),
        },
        new Date(0),
      );
    await link(downloaded, 1);
    await link(expired, -1);
    await cleanup();
    const ids = [restored, copied, verified, downloaded, expired] as string[];
    expect(await stored(ids)).toEqual(ids.slice(0, 4));
  });

  it("looks at each backup again: what was pinned since the plan was made stays", async () => {
    const [, second, first] = await aging(1, 40, 50);
    atFirstRemoval(() => setPinned(aged.db, second as BackupId, true));
    const { removed, kept } = await cleanup();
    expect(removed.map(({ id }) => id)).toEqual([first]);
    expect(kept).toBeGreaterThanOrEqual(2);
    expect(await stored([second as string])).toEqual([second]);
  });

  it("leaves a backup that has become the newest good one, because the newer one was deleted or found damaged meanwhile", async () => {
    const [newest, second, first] = await aging(1, 40, 50);
    atFirstRemoval(async () => {
      await aged.deletions.begin({ id: newest as BackupId, sourceId }, async () => null);
    });
    expect((await cleanup()).removed.map(({ id }) => id)).toEqual([first]);
    expect(await stored([second as string])).toEqual([second]);

    const [third, fourth] = [await aged.backup(sourceId, 2), await aged.backup(sourceId, 60)];
    atFirstRemoval(async () => void (await aged.verified(third, false, "CHECKSUM")));
    await cleanup();
    expect(await stored([second as string, third, fourth])).toEqual([second, third]);
  });

  it("is never done twice at once, and first does one that nobody has begun", async () => {
    const ids = await aging(1, 40);
    const [entered, open] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    atFirstRemoval(async () => {
      entered.resolve();
      await open.promise;
    });
    const first = cleanup();
    await entered.promise;
    await expect(aged.cleanupsWith().cleanup(administrator, { dryRun: false }, "CLI")).rejects.toMatchObject({ code: "CONFLICT" });
    open.resolve();
    await first;
    expect(await stored(ids)).toEqual(ids.slice(0, 1));

    const waiting = newId<CleanupId>();
    await insertCleanup(aged.db, { id: waiting, trigger: "SCHEDULE", actor: "daily cleanup", status: "QUEUED", createdAt: aged.now() });
    await cleanup();
    expect(await cleanups.find(administrator, waiting)).toMatchObject({ status: "COMPLETED" });
  });

  it("settles one that died as failed, and what it removed stays in its record", async () => {
    const id = newId<CleanupId>();
    await insertCleanup(aged.db, { id, trigger: "CLI", actor: "root", status: "RUNNING", createdAt: aged.now() });
    const entry = {
      id: newId<BackupId>(),
      name: "b",
      source: "Shop",
      createdAt: "2026-01-01T00:00:00.000Z",
      storedSize: 7,
      reason: "EXPIRED",
    } as const;
    await recordCleanup(aged.db, id, { removed: [entry], refused: [], kept: 0 });
    await aged.operations.settleInterrupted(() => cleanups.settle(id));
    expect(await cleanups.find(administrator, id)).toMatchObject({
      status: "FAILED",
      errorCode: "INTERRUPTED",
      removedCount: 1,
      freedBytes: 7,
    });
  });

  it("happens by itself after a backup and once a day, only where there is something to remove and it is wanted", async () => {
    await cleanup();
    const before = (await cleanups.page(administrator, 1, null)).totalCount;
    const follow = () => cleanups.follow({ kind: "BACKUP", id: newId<BackupId>() });
    await follow();
    await cleanups.upkeep();
    expect((await cleanups.page(administrator, 1, null)).totalCount).toBe(before);
    const ids = await aging(1, 40);
    aged.pass(1000);
    aged.chosen.settings = { retentionDays: 30, autoCleanup: false };
    await follow();
    await cleanups.follow({ kind: "RESTORE", id: newId<RestoreId>() });
    expect((await cleanups.page(administrator, 1, null)).totalCount).toBe(before);
    aged.chosen.settings = { retentionDays: 30 };
    await follow();
    await follow();
    const { nodes, totalCount } = await cleanups.page(administrator, 1, null);
    expect(totalCount).toBe(before + 1);
    expect(nodes[0]).toMatchObject({ trigger: "SCHEDULE", actor: "cleanup after a backup", status: "QUEUED" });
    const id = nodes[0]?.id as CleanupId;
    expect(aged.queued).toContain(id);
    await Promise.all([cleanups.perform(id), cleanups.perform(id)]);
    expect(await stored(ids)).toEqual(ids.slice(0, 1));

    await aging(45);
    await cleanups.upkeep();
    expect((await cleanups.page(administrator, 1, null)).totalCount).toBe(before + 1);
    aged.pass(24 * 3_600_000);
    await cleanups.upkeep();
    const [daily] = (await cleanups.page(administrator, 1, null)).nodes;
    expect(daily).toMatchObject({ actor: "daily cleanup" });
    await cleanups.perform(daily?.id as CleanupId);
  });

  it("is for administrators; everybody may look at what it would do", async () => {
    const operator = { kind: "token", id: "1", name: "deploy", role: "OPERATOR" } as const;
    await expect(cleanups.cleanup(operator, { dryRun: true }, "API")).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(cleanups.resume(operator)).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect((await cleanups.preview({ ...operator, role: "VIEWER" }, {})).pausedReason).toBeNull();
    await expect(cleanups.preview(null, {})).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    await expect(cleanups.preview(administrator, { retention: {} })).rejects.toMatchObject({ reason: "RETENTION_INVALID" });
  });

  it("asks the catalog equally often however many backups there are", async () => {
    const count = async () => {
      let queries = 0;
      const counted = () => {
        queries += 1;
      };
      aged.catalog.pool.pool.on("acquire", counted);
      await cleanups.preview(administrator, {});
      aged.catalog.pool.pool.off("acquire", counted);
      return queries;
    };
    const few = await count();
    for (let day = 0; day < 30; day += 1) await aged.backup(sourceId, day);
    expect(await count()).toBe(few);
  });
});
