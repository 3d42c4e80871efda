import { and, asc, eq, inArray, isNotNull, isNull, lte, or } from "drizzle-orm";
import type { BackupId } from "../domain/ids.ts";
import type { BackupRow } from "./backups.ts";
import type { Db } from "./client.ts";
import { notePast } from "./past-operations.ts";
import { backups, operationLog, verifications } from "./schema/index.ts";

/**
 * Locks a backup for this transaction, so that what needs it and what deletes it cannot both begin; null when its deletion
 * has begun.
 */
export async function lockBackup(db: Db, id: BackupId): Promise<BackupRow | null> {
  const [row] = await db
    .select()
    .from(backups)
    .where(and(eq(backups.id, id), isNull(backups.deletedAt)))
    .for("update");
  return row ?? null;
}

/** Sets the tombstone: nothing offers the backup any more, whatever becomes of its files. */
export async function bury(db: Db, ids: readonly BackupId[], now: Date): Promise<void> {
  if (ids.length > 0)
    await db
      .update(backups)
      .set({ deletedAt: now })
      .where(inArray(backups.id, [...ids]));
}

/** Deletions that wait to go on, those that waited longest first. */
export const listDueTombstones = (db: Db, now: Date, most: number): Promise<BackupRow[]> =>
  db
    .select()
    .from(backups)
    .where(and(isNotNull(backups.deletedAt), or(isNull(backups.deletionRetryAt), lte(backups.deletionRetryAt, now))))
    .orderBy(asc(backups.deletionRetryAt), asc(backups.deletedAt))
    .limit(most);

/** A backup that is being deleted and that its storage would not let go of. */
export async function findRefusedDeletion(db: Db, id: BackupId): Promise<BackupRow | null> {
  const [row] = await db
    .select()
    .from(backups)
    .where(and(eq(backups.id, id), isNotNull(backups.deletedAt), isNotNull(backups.deletionProblem)));
  return row ?? null;
}

/** A storage would not let go of it: why, and when it is asked again. */
export async function recordRefusal(db: Db, id: BackupId, problem: string, attempts: number, retryAt: Date): Promise<void> {
  await db
    .update(backups)
    .set({ deletionProblem: problem, deletionAttempts: attempts, deletionRetryAt: retryAt })
    .where(eq(backups.id, id));
}

/** The end of a deletion: the row, its verifications, and the log lines of all of them. */
export async function removeBackup(db: Db, id: BackupId, now: Date): Promise<void> {
  await db.transaction(async (tx) => {
    await notePast(tx, [id], now);
    const own = await tx.select({ id: verifications.id }).from(verifications).where(eq(verifications.backupId, id));
    await tx.delete(backups).where(eq(backups.id, id));
    await tx.delete(operationLog).where(inArray(operationLog.operationId, [id, ...own.map((row) => row.id)]));
  });
}
