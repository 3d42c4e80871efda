import { eq } from "drizzle-orm";
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
