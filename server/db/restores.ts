import { and, count, desc, eq, inArray, isNotNull, isNull, or } from "drizzle-orm";
import type { OperationStatus } from "../../shared/enums.ts";
import type { BackupId, RestoreId, SourceId } from "../domain/ids.ts";
import { activeStatuses } from "../domain/operation.ts";
import type { RestoreJournal, RestoreResult } from "../domain/restore.ts";
import type { Db } from "./client.ts";
import { after, type Page, pageOf } from "./paging.ts";
import { restores } from "./schema/index.ts";

export type RestoreRow = typeof restores.$inferSelect;
export type NewRestore = typeof restores.$inferInsert;

export interface RestoreFilter {
  readonly status?: readonly OperationStatus[] | null;
  readonly targetSourceId?: SourceId | null;
}

export async function insertRestore(db: Db, row: NewRestore): Promise<void> {
  await db.insert(restores).values(row);
}

export async function findRestore(db: Db, id: RestoreId): Promise<RestoreRow | null> {
  const [row] = await db.select().from(restores).where(eq(restores.id, id));
  return row ?? null;
}

export const findRestores = (db: Db, ids: readonly RestoreId[]): Promise<RestoreRow[]> =>
  db
    .select()
    .from(restores)
    .where(inArray(restores.id, [...ids]));

/** A page of restores, newest first. */
export async function pageRestores(db: Db, filter: RestoreFilter, first: number, cursor: string | null): Promise<Page<RestoreRow>> {
  const where = and(
    filter.status ? inArray(restores.status, [...filter.status]) : undefined,
    filter.targetSourceId ? eq(restores.targetSourceId, filter.targetSourceId) : undefined,
  );
  const [total] = await db.select({ count: count() }).from(restores).where(where);
  const rows = await db
    .select()
    .from(restores)
    .where(and(where, after(restores.createdAt, restores.id, cursor)))
    .orderBy(desc(restores.createdAt), desc(restores.id))
    .limit(first + 1);
  return pageOf(rows, first, total?.count ?? 0);
}

/** Restores into the source that wait, run, or still have something to put right. */
export const listUnsettledRestores = (db: Db, targetSourceId: SourceId): Promise<RestoreRow[]> =>
  db
    .select()
    .from(restores)
    .where(
      and(eq(restores.targetSourceId, targetSourceId), or(inArray(restores.status, [...activeStatuses]), isNotNull(restores.journal))),
    );

/** Restores that read the backup now. */
export const listActiveRestoresOf = (db: Db, backupId: BackupId): Promise<RestoreRow[]> =>
  db
    .select()
    .from(restores)
    .where(
      and(
        or(eq(restores.backupId, backupId), eq(restores.preRestoreBackupId, backupId)),
        or(inArray(restores.status, [...activeStatuses]), isNotNull(restores.journal)),
      ),
    );

/** Restores that ended with something left to put right. */
export const listJournals = (db: Db): Promise<RestoreRow[]> =>
  db
    .select()
    .from(restores)
    .where(and(isNotNull(restores.journal), inArray(restores.status, ["COMPLETED", "FAILED", "CANCELLED"])));

export async function writeJournal(db: Db, id: RestoreId, journal: RestoreJournal | null): Promise<void> {
  await db.update(restores).set({ journal }).where(eq(restores.id, id));
}

export async function recordPreRestoreBackup(db: Db, id: RestoreId, preRestoreBackupId: BackupId): Promise<void> {
  await db.update(restores).set({ preRestoreBackupId }).where(eq(restores.id, id));
}

export async function recordResult(db: Db, id: RestoreId, result: RestoreResult): Promise<void> {
  await db.update(restores).set({ result }).where(eq(restores.id, id));
}

/** Durations in seconds of the source's newest completed restores of all that a backup holds, at most ten. */
export async function restoreDurations(db: Db, targetSourceId: SourceId): Promise<number[]> {
  const rows = await db
    .select({ startedAt: restores.startedAt, finishedAt: restores.finishedAt })
    .from(restores)
    .where(
      and(eq(restores.targetSourceId, targetSourceId), eq(restores.status, "COMPLETED"), isNull(restores.tables), isNull(restores.paths)),
    )
    .orderBy(desc(restores.createdAt))
    .limit(10);
  return rows.flatMap(({ startedAt, finishedAt }) =>
    startedAt && finishedAt ? [(finishedAt.getTime() - startedAt.getTime()) / 1000] : [],
  );
}
