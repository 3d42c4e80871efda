import { and, asc, count, eq, exists, inArray, isNull, lte, not, or, sql } from "drizzle-orm";
import type { BackupId, CopyId, StorageId } from "../domain/ids.ts";
import { activeStatuses } from "../domain/operation.ts";
import { copyWarnings, warningsOf } from "../domain/warnings.ts";
import type { Db } from "./client.ts";
import { backupCopies, backupManifests, backups, copies, storages } from "./schema/index.ts";

export type BackupCopyRow = typeof backupCopies.$inferSelect;
export type CopyRow = typeof copies.$inferSelect;
export type NewCopy = typeof copies.$inferInsert;

/** What became of a backup on one of its storages; `problem` is why it is not there, null: it is. */
export interface CopyOutcome {
  readonly storageId: StorageId;
  /** The storage's name. */
  readonly storage: string;
  readonly problem: string | null;
  /** When it is made up for; null where nobody is to. */
  readonly retryAt: Date | null;
}

/** Where a backup lies, or is to. */
export const listCopiesOf = (db: Db, backupId: BackupId): Promise<BackupCopyRow[]> =>
  db
    .select()
    .from(backupCopies)
    .where(eq(backupCopies.backupId, backupId))
    .orderBy(asc(backupCopies.storedAt), asc(backupCopies.storageId));

/** The same of many. */
export const findCopiesOf = (db: Db, ids: readonly BackupId[]): Promise<BackupCopyRow[]> =>
  db
    .select()
    .from(backupCopies)
    .where(inArray(backupCopies.backupId, [...ids]))
    .orderBy(asc(backupCopies.storedAt), asc(backupCopies.storageId));

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

/** Changes what is known of a backup on a storage, if anything is. */
export async function changeBackupCopy(
  db: Db,
  { backupId, storageId }: Pick<BackupCopyRow, "backupId" | "storageId">,
  change: Partial<BackupCopyRow>,
): Promise<void> {
  await db
    .update(backupCopies)
    .set(change)
    .where(and(eq(backupCopies.backupId, backupId), eq(backupCopies.storageId, storageId)));
}

export async function removeBackupCopy(db: Db, { backupId, storageId }: Pick<BackupCopyRow, "backupId" | "storageId">): Promise<void> {
  await db.delete(backupCopies).where(and(eq(backupCopies.backupId, backupId), eq(backupCopies.storageId, storageId)));
}

/** A backup has been taken: what is to lie where. Without outcomes it lies wherever it was to. */
export async function recordOutcomes(db: Db, backupId: BackupId, storedAt: Date, outcomes: readonly CopyOutcome[]): Promise<void> {
  for (const { storageId, problem, retryAt } of outcomes)
    await writeBackupCopy(
      db,
      problem === null
        ? { backupId, storageId, state: "STORED", problem, attempts: 0, retryAt: null, storedAt }
        : { backupId, storageId, state: "FAILED", problem, attempts: 1, retryAt, storedAt: null },
    );
  if (outcomes.length > 0) return;
  await db
    .update(backupCopies)
    .set({ state: "STORED", storedAt })
    .where(and(eq(backupCopies.backupId, backupId), eq(backupCopies.state, "WAITING")));
}

/** Nothing more comes of the backup where it was still to be written: it failed as a whole. */
export async function failWaitingCopies(db: Db, backupId: BackupId, problem: string | null): Promise<void> {
  await db
    .update(backupCopies)
    .set({ state: "FAILED", problem, retryAt: null })
    .where(and(eq(backupCopies.backupId, backupId), eq(backupCopies.state, "WAITING")));
}

/** Says anew what a backup's warnings say of the storages that it is not on. */
export async function refreshCopyWarnings(db: Db, backupId: BackupId): Promise<void> {
  const [row] = await db.select().from(backupManifests).where(eq(backupManifests.backupId, backupId));
  if (!row) return;
  const missing = await db
    .select({ storage: storages.name, problem: backupCopies.problem })
    .from(backupCopies)
    .innerJoin(storages, eq(storages.id, backupCopies.storageId))
    .where(and(eq(backupCopies.backupId, backupId), eq(backupCopies.state, "FAILED")))
    .orderBy(asc(storages.name));
  await db
    .update(backups)
    .set({ warnings: [...warningsOf(row.manifest), ...copyWarnings(missing)] })
    .where(eq(backups.id, backupId));
}

/** Which of its storages a backup is read from first. */
export async function setPrimary(db: Db, id: BackupId, storageId: StorageId): Promise<void> {
  await db.update(backups).set({ storageId }).where(eq(backups.id, id));
}

export async function insertCopy(db: Db, row: NewCopy): Promise<void> {
  await db.insert(copies).values(row);
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

/** How many copies to each storage wait or run. */
export async function countActiveCopies(db: Db): Promise<ReadonlyMap<StorageId, number>> {
  const rows = await db
    .select({ storageId: copies.storageId, count: count() })
    .from(copies)
    .where(inArray(copies.status, [...activeStatuses]))
    .groupBy(copies.storageId);
  return new Map(rows.map((row) => [row.storageId, row.count]));
}

const living = and(eq(backups.status, "COMPLETED"), isNull(backups.deletedAt));

/** Copies that are to be made now by themselves, and that no operation is to make: those that wait longest first. */
export const listDueCopies = (db: Db, now: Date, most: number): Promise<BackupCopyRow[]> =>
  db
    .select({
      ...{ backupId: backupCopies.backupId, storageId: backupCopies.storageId, state: backupCopies.state, problem: backupCopies.problem },
      ...{ attempts: backupCopies.attempts, retryAt: backupCopies.retryAt, storedAt: backupCopies.storedAt },
      labelsVersion: backupCopies.labelsVersion,
    })
    .from(backupCopies)
    .innerJoin(backups, eq(backups.id, backupCopies.backupId))
    .where(
      and(
        living,
        or(and(eq(backupCopies.state, "FAILED"), lte(backupCopies.retryAt, now)), eq(backupCopies.state, "WAITING")),
        not(
          exists(
            db
              .select({ one: sql`1` })
              .from(copies)
              .where(
                and(
                  eq(copies.backupId, backupCopies.backupId),
                  eq(copies.storageId, backupCopies.storageId),
                  inArray(copies.status, [...activeStatuses]),
                ),
              ),
          ),
        ),
      ),
    )
    .orderBy(asc(backupCopies.retryAt))
    .limit(most);

/** The storage cannot be used: whatever is due there waits, and it is not counted as an attempt. */
export async function postponeCopies(db: Db, storageId: StorageId, now: Date, until: Date): Promise<void> {
  await db
    .update(backupCopies)
    .set({ retryAt: until })
    .where(and(eq(backupCopies.storageId, storageId), eq(backupCopies.state, "FAILED"), lte(backupCopies.retryAt, now)));
}

/** Copies that are being removed from a storage while their backup lives on, those whose time has come. */
export const listDueRemovals = (db: Db, now: Date, most: number): Promise<{ backupId: BackupId; storageId: StorageId }[]> =>
  db
    .select({ backupId: backupCopies.backupId, storageId: backupCopies.storageId })
    .from(backupCopies)
    .innerJoin(backups, eq(backups.id, backupCopies.backupId))
    .where(
      and(isNull(backups.deletedAt), eq(backupCopies.state, "DELETING"), or(isNull(backupCopies.retryAt), lte(backupCopies.retryAt, now))),
    )
    .orderBy(asc(backupCopies.retryAt))
    .limit(most);
