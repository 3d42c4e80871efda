import { and, asc, eq, gt, inArray, isNotNull, isNull, like, lt, or, sql } from "drizzle-orm";
import type { CopyState, OperationStatus } from "../../shared/enums.ts";
import type { BackupId, ScheduleId, StorageId } from "../domain/ids.ts";
import type { Artifact, Manifest } from "../domain/manifest.ts";
import type { NewBackup } from "./backups.ts";
import type { Db } from "./client.ts";
import { backupCopies, backupManifests, backups, pastOperations, schedules } from "./schema/index.ts";

/** What the catalog says of a backup that was found on a storage. */
export interface KnownBackup {
  readonly id: BackupId;
  readonly name: string;
  readonly folder: string;
  readonly status: OperationStatus;
  readonly artifacts: readonly Artifact[];
  /** Its deletion has begun. */
  readonly deletedAt: Date | null;
  readonly labelsVersion: number;
  /** On the storage that is looked at; null where the catalog has it on others alone. */
  readonly copy: CopyState | null;
}

/** Those of these backups that the catalog knows, with those that are being deleted. */
export const findKnown = (db: Db, ids: readonly BackupId[], storageId: StorageId): Promise<KnownBackup[]> =>
  db
    .select({
      ...{ id: backups.id, name: backups.name, folder: backups.folder, status: backups.status, artifacts: backups.artifacts },
      ...{ deletedAt: backups.deletedAt, labelsVersion: backups.labelsVersion, copy: backupCopies.state },
    })
    .from(backups)
    .leftJoin(backupCopies, and(eq(backupCopies.backupId, backups.id), eq(backupCopies.storageId, storageId)))
    .where(inArray(backups.id, [...ids]));

/** Those of these backups that were deleted, with when. */
export async function findDeleted(db: Db, ids: readonly BackupId[]): Promise<Map<BackupId, Date>> {
  const rows = await db
    .select({ id: pastOperations.id, removedAt: pastOperations.removedAt })
    .from(pastOperations)
    .where(and(inArray(pastOperations.id, [...ids]), eq(pastOperations.kind, "BACKUP")));
  return new Map(rows.map(({ id, removedAt }) => [id as BackupId, removedAt]));
}

/** Whether the catalog has to do with a folder that holds no manifest: it is being written, deleted, or is missed already. */
export async function isFolderKnown(db: Db, folder: string): Promise<boolean> {
  const [row] = await db
    .select({ id: backups.id })
    .from(backups)
    // A folder's name ends in the beginning of its backup's id, which spares reading all of them.
    .where(
      and(
        like(backups.id, `${folder.slice(-8)}%`),
        eq(backups.folder, folder),
        or(inArray(backups.status, ["QUEUED", "RUNNING", "COMPLETED"]), isNotNull(backups.deletedAt)),
      ),
    )
    .limit(1);
  return Boolean(row);
}

/** Whether this catalog's Holdfast has ever carried out a backup itself. */
export async function hasOwnHistory(db: Db): Promise<boolean> {
  const [row] = await db.select({ id: backups.id }).from(backups).where(isNotNull(backups.worker)).limit(1);
  return Boolean(row);
}

export async function schedulesAmong(db: Db, ids: readonly ScheduleId[]): Promise<Set<ScheduleId>> {
  if (ids.length === 0) return new Set();
  const rows = await db
    .select({ id: schedules.id })
    .from(schedules)
    .where(inArray(schedules.id, [...ids]));
  return new Set(rows.map(({ id }) => id));
}

/** A backup that is written into the catalog as its storage has it. */
export interface AdoptedBackup {
  readonly row: NewBackup;
  readonly manifest: Manifest;
  readonly storedAt: Date;
}

/** Writes backups that were not there: all of them, or none. */
export const insertAdopted = (db: Db, adopted: readonly AdoptedBackup[]): Promise<void> =>
  db.transaction(async (tx) => {
    await tx.insert(backups).values(adopted.map(({ row }) => row));
    await tx.insert(backupManifests).values(adopted.map(({ row, manifest }) => ({ backupId: row.id, manifest })));
    await tx.insert(backupCopies).values(
      adopted.map(({ row: { id: backupId, storageId, labelsVersion = 0 }, storedAt }) => ({
        ...{ backupId, storageId, storedAt, labelsVersion },
        state: "STORED" as const,
      })),
    );
  });

/** The backup lies on this storage, too. */
export async function insertFoundCopy(
  db: Db,
  backupId: BackupId,
  storageId: StorageId,
  storedAt: Date,
  labelsVersion: number,
): Promise<void> {
  const found = { state: "STORED", problem: null, attempts: 0, retryAt: null, storedAt, labelsVersion } as const;
  await db
    .insert(backupCopies)
    .values({ backupId, storageId, ...found })
    .onDuplicateKeyUpdate({ set: found });
}

/** What lies beside the manifest on this storage, which may be newer or older than the catalog thought. */
export async function noteFoundLabels(db: Db, backupId: BackupId, storageId: StorageId, labelsVersion: number): Promise<void> {
  await db
    .update(backupCopies)
    .set({ labelsVersion })
    .where(and(eq(backupCopies.backupId, backupId), eq(backupCopies.storageId, storageId), lt(backupCopies.labelsVersion, labelsVersion)));
}

/** Backups that are to lie on this storage, in the order of their ids, after `after`; some at a time. */
export const listStoredOn = (db: Db, storageId: StorageId, after: string): Promise<{ id: BackupId; folder: string }[]> =>
  db
    .select({ id: backups.id, folder: backups.folder })
    .from(backupCopies)
    .innerJoin(backups, eq(backups.id, backupCopies.backupId))
    .where(
      and(
        eq(backupCopies.storageId, storageId),
        eq(backupCopies.state, "STORED"),
        eq(backups.status, "COMPLETED"),
        isNull(backups.deletedAt),
        gt(backupCopies.backupId, sql`${after}`),
      ),
    )
    .orderBy(asc(backupCopies.backupId))
    .limit(1000);
