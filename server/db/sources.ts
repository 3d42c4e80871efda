import { asc, eq, inArray } from "drizzle-orm";
import type { SourceId } from "../domain/ids.ts";
import type { Db } from "./client.ts";
import { backups, restores, sources } from "./schema/index.ts";

export type SourceRow = typeof sources.$inferSelect;

export const listSources = (db: Db): Promise<SourceRow[]> => db.select().from(sources).orderBy(asc(sources.name));

export async function findSource(db: Db, id: SourceId): Promise<SourceRow | null> {
  const [row] = await db.select().from(sources).where(eq(sources.id, id));
  return row ?? null;
}

export const findSources = (db: Db, ids: readonly SourceId[]): Promise<SourceRow[]> =>
  db
    .select()
    .from(sources)
    .where(inArray(sources.id, [...ids]));

/** The slugs that begin with `slug`, so that a new one can differ. */
export async function slugsTaken(db: Db): Promise<Set<string>> {
  const rows = await db.select({ slug: sources.slug }).from(sources);
  return new Set(rows.map((row) => row.slug));
}

export async function insertSource(db: Db, row: SourceRow): Promise<void> {
  await db.insert(sources).values(row);
}

export async function updateSourceRow(db: Db, id: SourceId, changes: Partial<Omit<SourceRow, "id" | "slug">>): Promise<void> {
  await db.update(sources).set(changes).where(eq(sources.id, id));
}

/** Locks the source for this transaction: what may begin on it is decided by one at a time. */
export async function lockSource(db: Db, id: SourceId): Promise<SourceRow | null> {
  const [row] = await db.select().from(sources).where(eq(sources.id, id)).for("update");
  return row ?? null;
}

/** Whether a backup or a restore still names the source. */
export async function sourceIsUsed(db: Db, id: SourceId): Promise<boolean> {
  const [backup] = await db.select({ id: backups.id }).from(backups).where(eq(backups.sourceId, id)).limit(1);
  const [restore] = await db.select({ id: restores.id }).from(restores).where(eq(restores.targetSourceId, id)).limit(1);
  return Boolean(backup ?? restore);
}

export async function removeSource(db: Db, id: SourceId): Promise<void> {
  await db.delete(sources).where(eq(sources.id, id));
}
