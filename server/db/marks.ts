import { eq, sql } from "drizzle-orm";
import type { Db } from "./client.ts";
import { marks } from "./schema/index.ts";

/** What was noted under this name; null when nothing was. The caller knows what it wrote. */
export async function readMark<T>(db: Db, name: string): Promise<T | null> {
  const [row] = await db.select().from(marks).where(eq(marks.name, name));
  return row ? (row.value as T) : null;
}

export async function writeMark<T>(db: Db, name: string, value: T): Promise<void> {
  await db.insert(marks).values({ name, value }).onDuplicateKeyUpdate({ set: { value } });
}

/** Changes what is noted under this name, one process at a time. */
export const changeMark = <T>(db: Db, name: string, change: (value: T | null) => T): Promise<T> =>
  withMark<T>(db, name, async (value) => change(value));

/** The same together with other work in one transaction: both happen, or neither. */
export async function withMark<T>(db: Db, name: string, work: (value: T | null, tx: Db) => Promise<T>): Promise<T> {
  // A row has to be there to be locked; locks on a gap would let two in and have one of them fail.
  await db.insert(marks).values({ name, value: sql`'null'` }).onDuplicateKeyUpdate({ set: { name } });
  return db.transaction(async (tx) => {
    const [row] = await tx.select().from(marks).where(eq(marks.name, name)).for("update");
    const value = await work((row?.value ?? null) as T | null, tx);
    await tx.update(marks).set({ value }).where(eq(marks.name, name));
    return value;
  });
}
