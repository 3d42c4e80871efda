import { and, asc, eq, inArray, isNotNull, isNull, lte, or } from "drizzle-orm";
import type { BackupId, OperationId } from "../domain/ids.ts";
import type { BackupRow } from "./backups.ts";
import type { Db } from "./client.ts";
import { type BackupCopyRow, removeBackupCopy } from "./copies.ts";
import { notePast, notePastCopy } from "./past-operations.ts";
import { backupCopies, backups, copies, operationLog, verifications } from "./schema/index.ts";

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
  if (ids.length === 0) return;
  await db
    .update(backups)
    .set({ deletedAt: now })
    .where(inArray(backups.id, [...ids]));
  await db
    .update(backupCopies)
    .set({ state: "DELETING", problem: null, attempts: 0, retryAt: null })
    .where(inArray(backupCopies.backupId, [...ids]));
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

/** The backup as it is, also while it is being deleted. */
export async function findBuried(db: Db, id: BackupId): Promise<BackupRow | null> {
  const [row] = await db.select().from(backups).where(eq(backups.id, id));
  return row ?? null;
}

/** A storage would not let go of it: why, and when it is asked again. */
export async function recordRefusal(db: Db, id: BackupId, problem: string | null, attempts: number, retryAt: Date): Promise<void> {
  await db
    .update(backups)
    .set({ deletionProblem: problem, deletionAttempts: attempts, deletionRetryAt: retryAt })
    .where(eq(backups.id, id));
}

/** The end of a deletion: the row, its verifications and copies, and the log lines of all of them. */
export async function removeBackup(db: Db, id: BackupId, now: Date): Promise<void> {
  await db.transaction(async (tx) => {
    await notePast(tx, [id], now);
    const verified = await tx.select({ id: verifications.id }).from(verifications).where(eq(verifications.backupId, id));
    const copied = await tx.select({ id: copies.id }).from(copies).where(eq(copies.backupId, id));
    const own: readonly OperationId[] = [id, ...verified.map((row) => row.id), ...copied.map((row) => row.id)];
    await tx.delete(backups).where(eq(backups.id, id));
    await tx.delete(operationLog).where(inArray(operationLog.operationId, [...own]));
  });
}

/** Nothing of the backup is on that storage any more. */
export async function removeCopyRow(db: Db, backup: BackupRow, copy: BackupCopyRow, now: Date): Promise<void> {
  await db.transaction(async (tx) => {
    if (copy.storedAt !== null && copy.storageId !== backup.storageId)
      await notePastCopy(tx, backup, { ...copy, storedAt: copy.storedAt }, now);
    await removeBackupCopy(tx, copy);
  });
}
