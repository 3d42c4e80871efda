import { and, desc, eq, gt, inArray, isNull, lt, or, sql } from "drizzle-orm";
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

/** The links to a backup that work still or are being read through, the newest first, `most` at most. */
export async function listDownloads(db: Db, backupId: BackupId, now: Date, most: number): Promise<DownloadRow[]> {
  return db
    .select()
    .from(downloads)
    .where(and(eq(downloads.backupId, backupId), or(gt(downloads.expiresAt, now), gt(downloads.readUntil, now))))
    .orderBy(desc(downloads.expiresAt), downloads.tokenHash)
    .limit(most);
}

/** Notes that somebody begins to read through a link, and until when that is so for sure. */
export async function noteUse(db: Db, tokenHash: string, until: Date): Promise<void> {
  await db
    .update(downloads)
    .set({ readUntil: until, uses: sql`${downloads.uses} + 1` })
    .where(eq(downloads.tokenHash, tokenHash));
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

/** Takes one link away, and gives what it was; null where another has taken it, or it never was. */
export async function takeDownload(db: Db, tokenHash: string): Promise<DownloadRow | null> {
  return db.transaction(async (tx) => {
    const [row] = await tx.select().from(downloads).where(eq(downloads.tokenHash, tokenHash)).for("update");
    if (row) await tx.delete(downloads).where(eq(downloads.tokenHash, tokenHash));
    return row ?? null;
  });
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
