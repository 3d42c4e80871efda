import { and, eq, gt, inArray, isNull, lt, or } from "drizzle-orm";
import type { BackupId } from "../domain/ids.ts";
import type { Db } from "./client.ts";
import { downloads } from "./schema/index.ts";

export type DownloadRow = typeof downloads.$inferSelect;

/** Keeps a new link; those that expired go with it, once nobody reads through them. */
export async function insertDownload(db: Db, row: typeof downloads.$inferInsert, now: Date): Promise<void> {
  await db.delete(downloads).where(and(lt(downloads.expiresAt, now), or(isNull(downloads.readUntil), lt(downloads.readUntil, now))));
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

/** Writes down until when somebody reads through a link for sure; null: nobody does any more. A link that is gone stays so. */
export async function noteReading(db: Db, tokenHash: string, until: Date | null): Promise<void> {
  await db.update(downloads).set({ readUntil: until }).where(eq(downloads.tokenHash, tokenHash));
}

/** Of these backups, those that somebody downloads now. */
export async function listDownloading(db: Db, ids: readonly BackupId[], now: Date): Promise<{ readonly id: BackupId }[]> {
  if (ids.length === 0) return [];
  return db
    .selectDistinct({ id: downloads.backupId })
    .from(downloads)
    .where(and(inArray(downloads.backupId, [...ids]), gt(downloads.readUntil, now)));
}

/** Takes all links to a backup away, and tells how many that still worked there were. */
export async function removeDownloads(db: Db, backupId: BackupId, now: Date): Promise<number> {
  return db.transaction(async (tx) => {
    const working = await tx
      .select({ tokenHash: downloads.tokenHash })
      .from(downloads)
      .where(and(eq(downloads.backupId, backupId), gt(downloads.expiresAt, now)))
      .for("update");
    await tx.delete(downloads).where(eq(downloads.backupId, backupId));
    return working.length;
  });
}
