import { and, asc, eq, isNull, lt, type SQL } from "drizzle-orm";
import type { BackupId, StorageId } from "../domain/ids.ts";
import type { LabelValues } from "../domain/labels.ts";
import type { Db } from "./client.ts";
import { backupCopies, backups } from "./schema/index.ts";

/** Writes what was changed about a backup, as the version after `version`. */
export async function setLabels(db: Db, id: BackupId, { name, description, pinned }: LabelValues, version: number): Promise<void> {
  await db
    .update(backups)
    .set({ name, description, pinned, labelsVersion: version + 1 })
    .where(eq(backups.id, id));
}

/** Takes over what a storage says of a backup, unless the catalog has it as new as that; whether it was taken. */
export async function adoptLabels(db: Db, id: BackupId, { name, description, pinned }: LabelValues, version: number): Promise<boolean> {
  const [result] = await db
    .update(backups)
    .set({ name, description, pinned, labelsVersion: version })
    .where(and(eq(backups.id, id), lt(backups.labelsVersion, version)));
  return result.affectedRows === 1;
}

/** Gives the labels of version `from` a higher one, because a storage has other labels under theirs. */
export async function raiseLabels(db: Db, id: BackupId, from: number, to: number): Promise<void> {
  await db
    .update(backups)
    .set({ labelsVersion: to })
    .where(and(eq(backups.id, id), eq(backups.labelsVersion, from)));
}

/** Which labels lie beside the backup's manifest on this storage now. */
export async function noteLabels(db: Db, backupId: BackupId, storageId: StorageId, version: number): Promise<void> {
  await db
    .update(backupCopies)
    .set({ labelsVersion: version })
    .where(and(eq(backupCopies.backupId, backupId), eq(backupCopies.storageId, storageId), lt(backupCopies.labelsVersion, version)));
}

export interface BehindCopy {
  readonly backupId: BackupId;
  readonly storageId: StorageId;
}

const behind: SQL | undefined = and(
  eq(backupCopies.state, "STORED"),
  eq(backups.status, "COMPLETED"),
  isNull(backups.deletedAt),
  lt(backupCopies.labelsVersion, backups.labelsVersion),
);

/** The storages on which a backup's labels are older than in the catalog. */
export const copiesBehind = (db: Db, id: BackupId): Promise<BehindCopy[]> =>
  db
    .select({ backupId: backupCopies.backupId, storageId: backupCopies.storageId })
    .from(backupCopies)
    .innerJoin(backups, eq(backups.id, backupCopies.backupId))
    .where(and(behind, eq(backups.id, id)));

/** The same of all backups, at most `most`. */
export const listBehind = (db: Db, most: number): Promise<BehindCopy[]> =>
  db
    .select({ backupId: backupCopies.backupId, storageId: backupCopies.storageId })
    .from(backupCopies)
    .innerJoin(backups, eq(backups.id, backupCopies.backupId))
    .where(behind)
    .orderBy(asc(backupCopies.storageId), asc(backupCopies.backupId))
    .limit(most);
