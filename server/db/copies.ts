import { and, asc, eq, inArray } from "drizzle-orm";
import type { BackupId, CopyId, StorageId } from "../domain/ids.ts";
import { activeStatuses } from "../domain/operation.ts";
import type { Db } from "./client.ts";
import { backupCopies, copies } from "./schema/index.ts";

export type BackupCopyRow = typeof backupCopies.$inferSelect;
export type CopyRow = typeof copies.$inferSelect;

/** Where a backup lies, or is to. */
export const listCopiesOf = (db: Db, backupId: BackupId): Promise<BackupCopyRow[]> =>
  db.select().from(backupCopies).where(eq(backupCopies.backupId, backupId)).orderBy(asc(backupCopies.storedAt));

export async function findBackupCopy(db: Db, backupId: BackupId, storageId: StorageId): Promise<BackupCopyRow | null> {
  const [row] = await db
    .select()
    .from(backupCopies)
    .where(and(eq(backupCopies.backupId, backupId), eq(backupCopies.storageId, storageId)));
  return row ?? null;
}

/** Writes down what became of a backup on a storage, whatever was written before. */
export async function writeBackupCopy(db: Db, row: typeof backupCopies.$inferInsert): Promise<void> {
  const { backupId: _, storageId: __, ...set } = row;
  await db.insert(backupCopies).values(row).onDuplicateKeyUpdate({ set });
}

/** The operation of this id; null when there is none. */
export async function findCopy(db: Db, id: CopyId): Promise<CopyRow | null> {
  const [row] = await db.select().from(copies).where(eq(copies.id, id));
  return row ?? null;
}

/** Copies of the backup that wait or run. */
export const listActiveCopiesOf = (db: Db, backupId: BackupId): Promise<CopyRow[]> =>
  db
    .select()
    .from(copies)
    .where(and(eq(copies.backupId, backupId), inArray(copies.status, [...activeStatuses])));
