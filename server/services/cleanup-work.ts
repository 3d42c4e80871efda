import { formatBytes, formatCount } from "../../shared/format.ts";
import type { BackupRow } from "../db/backups.ts";
import { recordCleanup } from "../db/cleanups.ts";
import type { Db } from "../db/client.ts";
import { findProtection, isNewestGoodOn } from "../db/retention.ts";
import type { CleanupEntry, CleanupRecord, CleanupRequest } from "../domain/cleanup.ts";
import { Failure } from "../domain/errors.ts";
import type { CleanupId } from "../domain/ids.ts";
import type { CleanupPlans, PlannedBackup } from "./cleanup-plan.ts";
import type { Deletions } from "./deletions.ts";
import type { Work } from "./running.ts";

interface Dependencies {
  readonly catalog: Db;
  readonly plan: CleanupPlans;
  readonly deletions: Deletions;
  readonly now: () => Date;
}

/** How many deletions are done before what was done is written down. */
const recordedEvery = 50;

/** Removes what the rule lets go: each backup only if nothing has come to protect it since it was planned. */
export function createCleanupWork({ catalog, plan, deletions, now }: Dependencies) {
  /** What keeps it after all; looked at while nothing can begin with it and nothing else of its source be deleted. */
  async function protection(tx: Db, row: BackupRow): Promise<Failure | null> {
    const { inUse, newestGood, newestProven } = await findProtection(tx, row, now());
    const kept = (message: string) => new Failure("CONFLICT", message);
    if (inUse) return kept("a restore, a verification, a copy or a download needs it now");
    if (newestGood) return kept("it has become the newest good backup of its source");
    return newestProven ? kept("it has become the newest proven backup of its source") : null;
  }

  /** Removes one: what became of it, or null when it stays after all. */
  async function remove({ backup, verdict }: PlannedBackup, work: Work): Promise<{ row: BackupRow; problem: string | null } | null> {
    try {
      const row = await deletions.begin(backup, protection);
      const problem = await deletions.erase(row);
      if (problem) work.say("WARN", `${backup.name} (${backup.source}): its storage would not let go of it yet: ${problem}`);
      else work.say("INFO", `Removed ${backup.name} (${backup.source}), ${formatBytes(backup.storedSize)}: ${verdict.reasons.join(", ")}.`);
      return { row, problem };
    } catch (error) {
      if (!(error instanceof Failure) || !(error.code === "CONFLICT" || error.code === "NOT_FOUND")) throw error;
      work.say("INFO", `${backup.name} (${backup.source}) stays: ${error.message}`);
      return null;
    }
  }

  /** Removes what lies on one storage; what became of it, or null when it stays after all. */
  async function removeCopy(
    { backup }: PlannedBackup,
    storage: PlannedBackup["leaves"][number],
    work: Work,
  ): Promise<{ problem: string | null } | null> {
    const what = `the copy of ${backup.name} (${backup.source}) on ${storage.name}`;
    try {
      const row = await deletions.beginCopy(backup, storage.id, async (tx, held) =>
        (await isNewestGoodOn(tx, held, storage.id))
          ? new Failure("CONFLICT", "it has become the newest good one of its source there")
          : protection(tx, held),
      );
      const problem = await deletions.eraseCopy(row, storage.id);
      if (problem) work.say("WARN", `${storage.name} would not let go of ${what} yet: ${problem}`);
      else work.say("INFO", `Removed ${what}, ${formatBytes(backup.storedSize)}: SIZE_CAP.`);
      return { problem };
    } catch (error) {
      if (!(error instanceof Failure) || !(error.code === "CONFLICT" || error.code === "NOT_FOUND")) throw error;
      work.say("INFO", `${what.replace("the", "The")} stays: ${error.message}`);
      return null;
    }
  }

  /** Carries the cleanup out; `removed` is told of each backup that went, as it was. */
  return async function clean(
    id: CleanupId,
    { days }: CleanupRequest,
    work: Work,
    removed: (row: BackupRow) => void = () => {},
  ): Promise<void> {
    const { planned, overCap } = await plan({ days });
    const going = planned.filter(({ verdict }) => !verdict.keep).reverse();
    work.say("INFO", `${formatCount(planned.length, "backup")} looked at, ${going.length} to remove.`);
    const done: {
      removed: CleanupEntry[];
      refused: CleanupRecord["refused"][number][];
      copies: NonNullable<CleanupRecord["copies"]>[number][];
    } = {
      ...{ removed: [], refused: [], copies: [] },
    };
    const record = (): CleanupRecord => ({ ...done, kept: planned.length - done.removed.length - done.refused.length });
    const bytesExpected = going.reduce((sum, { backup }) => sum + backup.storedSize, 0);
    let bytesProcessed = 0;
    try {
      for (const [index, each] of going.entries()) {
        work.signal.throwIfAborted();
        work.report({ phase: "FINISHING", bytesProcessed, bytesExpected, currentItem: each.backup.name });
        bytesProcessed += each.backup.storedSize;
        const outcome = await remove(each, work);
        if (!outcome) continue;
        if (outcome.problem === null) {
          done.removed.push(entryOf(each));
          removed(outcome.row);
        } else done.refused.push({ ...entryOf(each), problem: outcome.problem });
        if (index % recordedEvery === recordedEvery - 1) await recordCleanup(catalog, id, record());
      }
      for (const each of planned.filter(({ verdict }) => verdict.keep).reverse())
        for (const storage of each.leaves) {
          work.signal.throwIfAborted();
          const outcome = await removeCopy(each, storage, work);
          if (outcome) done.copies.push({ ...entryOf(each), storages: 1, reason: "SIZE_CAP", storage: storage.name, ...outcome });
        }
    } finally {
      await recordCleanup(catalog, id, record());
    }
    await deletions.tidy();
    for (const { bytes } of overCap)
      work.say("WARN", `A storage stays ${formatBytes(bytes)} over its cap: what is left there is protected.`);
  };
}

/** What is kept of a backup that goes. */
export const entryOf = ({ backup, verdict }: PlannedBackup): CleanupEntry => ({
  id: backup.id,
  name: backup.name,
  source: backup.source,
  createdAt: backup.createdAt.toISOString(),
  storedSize: backup.storedSize,
  storages: backup.storages.length,
  reason: verdict.reasons[0] ?? "EXPIRED",
});
