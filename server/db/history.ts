import { and, eq, inArray, isNotNull, isNull, lt } from "drizzle-orm";
import type { OperationId } from "../domain/ids.ts";
import type { Db } from "./client.ts";
import { backups, cleanups, copies, deliveries, operationLog, restores, scheduleRuns, verifications } from "./schema/index.ts";

/**
 * Each takes away at most so many records that ended before the instant, and says how many went. Backups that completed are
 * never among them, nor anything that belongs to one that is there.
 */
export type Forget = (db: Db, before: Date, most: number) => Promise<number>;

const ended = ["COMPLETED", "FAILED", "CANCELLED"] as const;
const unsuccessful = ["FAILED", "CANCELLED"] as const;

/** Backups that failed: by a tombstone, so that whatever they left on their storage goes with them. */
const buryFailedBackups: Forget = async (db, before, most) => {
  const rows = await db
    .select({ id: backups.id })
    .from(backups)
    .where(
      and(inArray(backups.status, [...unsuccessful]), lt(backups.createdAt, before), isNull(backups.deletedAt), eq(backups.pinned, false)),
    )
    .limit(most);
  const ids = rows.map(({ id }) => id);
  if (ids.length > 0) await db.update(backups).set({ deletedAt: before }).where(inArray(backups.id, ids));
  return ids.length;
};

/** Restores whose backup, and whose safety copy, are gone; none that still has something to put right. */
const forgetRestores: Forget = async (db, before, most) => {
  const rows = await db
    .select({ id: restores.id })
    .from(restores)
    .where(
      and(
        inArray(restores.status, [...ended]),
        lt(restores.createdAt, before),
        isNull(restores.backupId),
        isNull(restores.preRestoreBackupId),
        isNull(restores.journal),
      ),
    )
    .limit(most);
  const ids = rows.map(({ id }) => id);
  if (ids.length > 0) await db.delete(restores).where(inArray(restores.id, ids));
  return forgetLog(db, ids);
};

/** Verifications that found nothing out. */
const forgetVerifications: Forget = async (db, before, most) => {
  const rows = await db
    .select({ id: verifications.id })
    .from(verifications)
    .where(and(inArray(verifications.status, [...unsuccessful]), lt(verifications.createdAt, before)))
    .limit(most);
  const ids = rows.map(({ id }) => id);
  if (ids.length > 0) await db.delete(verifications).where(inArray(verifications.id, ids));
  return forgetLog(db, ids);
};

const forgetCleanups: Forget = async (db, before, most) => {
  const rows = await db
    .select({ id: cleanups.id })
    .from(cleanups)
    .where(and(inArray(cleanups.status, [...ended]), lt(cleanups.createdAt, before)))
    .limit(most);
  const ids = rows.map(({ id }) => id);
  if (ids.length > 0) await db.delete(cleanups).where(inArray(cleanups.id, ids));
  return forgetLog(db, ids);
};

/** What lies where is kept with the backups; this is how it came there. */
const forgetCopies: Forget = async (db, before, most) => {
  const rows = await db
    .select({ id: copies.id })
    .from(copies)
    .where(and(inArray(copies.status, [...ended]), lt(copies.createdAt, before)))
    .limit(most);
  const ids = rows.map(({ id }) => id);
  if (ids.length > 0) await db.delete(copies).where(inArray(copies.id, ids));
  return forgetLog(db, ids);
};

const forgetRuns: Forget = async (db, before, most) => {
  const old = and(isNotNull(scheduleRuns.settledAt), lt(scheduleRuns.settledAt, before), lt(scheduleRuns.dueAt, before));
  const [{ affectedRows }] = await db.delete(scheduleRuns).where(old).limit(most);
  return affectedRows;
};

const forgetDeliveries: Forget = async (db, before, most) => {
  const old = and(inArray(deliveries.status, ["SENT", "FAILED"]), lt(deliveries.createdAt, before));
  const [{ affectedRows }] = await db.delete(deliveries).where(old).limit(most);
  return affectedRows;
};

async function forgetLog(db: Db, ids: readonly OperationId[]): Promise<number> {
  if (ids.length > 0) await db.delete(operationLog).where(inArray(operationLog.operationId, [...ids]));
  return ids.length;
}

/** All kinds of record that age. */
export const forgetting: readonly Forget[] = [
  buryFailedBackups,
  forgetRestores,
  forgetVerifications,
  forgetCleanups,
  forgetCopies,
  forgetRuns,
  forgetDeliveries,
];
