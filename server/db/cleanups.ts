import { count, desc, eq, inArray, isNull } from "drizzle-orm";
import { bytesOfEntries, type CleanupRecord } from "../domain/cleanup.ts";
import type { CleanupId } from "../domain/ids.ts";
import { activeStatuses } from "../domain/operation.ts";
import type { Db } from "./client.ts";
import { after, type Page, pageOf } from "./paging.ts";
import { backups, cleanups } from "./schema/index.ts";

export type CleanupRow = typeof cleanups.$inferSelect;
export type NewCleanup = typeof cleanups.$inferInsert;

export async function insertCleanup(db: Db, row: NewCleanup): Promise<void> {
  await db.insert(cleanups).values(row);
}

export async function findCleanup(db: Db, id: CleanupId): Promise<CleanupRow | null> {
  const [row] = await db.select().from(cleanups).where(eq(cleanups.id, id));
  return row ?? null;
}

/** Cleanups that wait or run. */
export const listActiveCleanups = (db: Db): Promise<CleanupRow[]> =>
  db
    .select()
    .from(cleanups)
    .where(inArray(cleanups.status, [...activeStatuses]));

/** A page of cleanups, newest first. */
export async function pageCleanups(db: Db, first: number, cursor: string | null): Promise<Page<CleanupRow>> {
  const [total] = await db.select({ count: count() }).from(cleanups);
  const rows = await db
    .select()
    .from(cleanups)
    .where(after(cleanups.createdAt, cleanups.id, cursor))
    .orderBy(desc(cleanups.createdAt), desc(cleanups.id))
    .limit(first + 1);
  return pageOf(rows, first, total?.count ?? 0);
}

/** What it has done so far. */
export async function recordCleanup(db: Db, id: CleanupId, record: CleanupRecord): Promise<void> {
  const copies = (record.copies ?? []).filter(({ problem }) => problem === null);
  const freedBytes = bytesOfEntries([...record.removed, ...copies]);
  await db.update(cleanups).set({ record, freedBytes, removedCount: record.removed.length }).where(eq(cleanups.id, id));
}

/** The latest instant that a backup bears; null with none. */
export async function newestBackupCreatedAt(db: Db): Promise<Date | null> {
  const [row] = await db
    .select({ createdAt: backups.createdAt })
    .from(backups)
    .where(isNull(backups.deletedAt))
    .orderBy(desc(backups.createdAt))
    .limit(1);
  return row?.createdAt ?? null;
}
