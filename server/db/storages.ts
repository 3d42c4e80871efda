import { and, asc, count, desc, eq, inArray, isNull, ne } from "drizzle-orm";
import type { StorageId } from "../domain/ids.ts";
import type { Db } from "./client.ts";
import { backupCopies, backups, copies, storages } from "./schema/index.ts";
import { furtherCopies, keptTotals } from "./statistics.ts";

export type StorageRow = typeof storages.$inferSelect;

export const listStorages = (db: Db): Promise<StorageRow[]> =>
  db.select().from(storages).orderBy(desc(storages.isDefault), asc(storages.name));

export async function findStorage(db: Db, id: StorageId): Promise<StorageRow | null> {
  const [row] = await db.select().from(storages).where(eq(storages.id, id));
  return row ?? null;
}

export async function insertStorage(db: Db, row: typeof storages.$inferInsert): Promise<void> {
  await db.insert(storages).values(row);
}

export async function updateStorageRow(db: Db, id: StorageId, changes: Partial<Omit<StorageRow, "id">>): Promise<void> {
  await db.update(storages).set(changes).where(eq(storages.id, id));
}

/** Makes `id` the default, and no other. */
export async function setDefaultStorage(db: Db, id: StorageId): Promise<void> {
  await db.update(storages).set({ isDefault: false }).where(ne(storages.id, id));
  await db.update(storages).set({ isDefault: true }).where(eq(storages.id, id));
}

export async function removeStorage(db: Db, id: StorageId): Promise<void> {
  // What was copied there, and is not there any more.
  await db.delete(copies).where(eq(copies.storageId, id));
  await db.delete(storages).where(eq(storages.id, id));
}

/** Bytes and number of completed backups by storage, on each that they lie on. */
export async function storageUse(db: Db): Promise<Map<StorageId, { bytes: number; backups: number }>> {
  const use = new Map<StorageId, { bytes: number; backups: number }>();
  for (const { storageId, storedSize, count } of [...(await keptTotals(db)), ...(await furtherCopies(db))]) {
    const before = use.get(storageId) ?? { bytes: 0, backups: 0 };
    use.set(storageId, { bytes: before.bytes + storedSize, backups: before.backups + count });
  }
  return use;
}

/** Whether any backup, deleted or not, still lies there or is to. */
export async function storageIsUsed(db: Db, id: StorageId): Promise<boolean> {
  const [row] = await db.select({ id: backups.id }).from(backups).where(eq(backups.storageId, id)).limit(1);
  if (row) return true;
  const [copy] = await db.select({ id: backupCopies.backupId }).from(backupCopies).where(eq(backupCopies.storageId, id)).limit(1);
  return Boolean(copy);
}

/** The folders of the newest complete backups that lie there. */
export async function foldersOnStorage(db: Db, id: StorageId, count: number): Promise<string[]> {
  const complete = and(isNull(backups.deletedAt), eq(backups.status, "COMPLETED"));
  const first = await db
    .select({ folder: backups.folder })
    .from(backups)
    .where(and(eq(backups.storageId, id), complete))
    .orderBy(desc(backups.createdAt))
    .limit(count);
  const copies = await db
    .select({ folder: backups.folder })
    .from(backupCopies)
    .innerJoin(backups, eq(backups.id, backupCopies.backupId))
    .where(and(eq(backupCopies.storageId, id), eq(backupCopies.state, "STORED"), complete))
    .orderBy(desc(backups.createdAt))
    .limit(count);
  return [...new Set([...first, ...copies].map(({ folder }) => folder))];
}

/** How many backups each storage is to hold and does not. */
export async function missingCopies(db: Db): Promise<Map<StorageId, number>> {
  const rows = await db
    .select({ id: backupCopies.storageId, copies: count() })
    .from(backupCopies)
    .innerJoin(backups, eq(backups.id, backupCopies.backupId))
    .where(and(inArray(backupCopies.state, ["WAITING", "FAILED"]), eq(backups.status, "COMPLETED"), isNull(backups.deletedAt)))
    .groupBy(backupCopies.storageId);
  return new Map(rows.map(({ id, copies }) => [id, copies]));
}
