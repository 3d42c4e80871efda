import { and, eq, gt, lt } from "drizzle-orm";
import type { Db } from "./client.ts";
import { downloads } from "./schema/index.ts";

export type DownloadRow = typeof downloads.$inferSelect;

/** Keeps a new link; those that expired go with it. */
export async function insertDownload(db: Db, row: typeof downloads.$inferInsert, now: Date): Promise<void> {
  await db.delete(downloads).where(lt(downloads.expiresAt, now));
  await db.insert(downloads).values(row);
}

/** The link of this token's hash, unless it expired. */
export async function findDownload(db: Db, tokenHash: string, now: Date): Promise<DownloadRow | null> {
  const [row] = await db
    .select()
    .from(downloads)
    .where(and(eq(downloads.tokenHash, tokenHash), gt(downloads.expiresAt, now)));
  return row ?? null;
}
