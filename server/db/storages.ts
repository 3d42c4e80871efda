import { and, asc, count, desc, eq, isNull, ne, sql } from "drizzle-orm";
import type { StorageId } from "../domain/ids.ts";
import type { Db } from "./client.ts";
import { backups, storages } from "./schema/index.ts";

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
  await db.delete(storages).where(eq(storages.id, id));
}

/** Bytes and number of completed backups by storage. */
export async function storageUse(db: Db): Promise<Map<StorageId, { bytes: number; backups: number }>> {
  const rows = await db
    .select({ id: backups.storageId, bytes: sql<string | null>`sum(${backups.storedSize})`, backups: count() })
    .from(backups)
    .where(and(isNull(backups.deletedAt), eq(backups.status, "COMPLETED")))
    // In the order of an index, which spares a sort of everything.
    .groupBy(backups.sourceId, backups.storageId);
  const use = new Map<StorageId, { bytes: number; backups: number }>();
  for (const row of rows) {
    const before = use.get(row.id) ?? { bytes: 0, backups: 0 };
    use.set(row.id, { bytes: before.bytes + Number(row.bytes ?? 0), backups: before.backups + row.backups });
  }
  return use;
}

/** Whether any backup, deleted or not, still names the storage. */
export async function storageIsUsed(db: Db, id: StorageId): Promise<boolean> {
  const [row] = await db
    .select({ id: backups.id })
    .from(backups)
    .where(and(eq(backups.storageId, id)))
    .limit(1);
  return Boolean(row);
}
