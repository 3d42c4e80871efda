import { and, count, eq, isNull } from "drizzle-orm";
import type { StorageId } from "../domain/ids.ts";
import type { Db } from "./client.ts";
import { backupCopies, backups } from "./schema/index.ts";

/** How many backups lie on each storage for everybody to read who gets at it. */
export async function countUnencrypted(db: Db): Promise<ReadonlyMap<StorageId, number>> {
  const rows = await db
    .select({ id: backupCopies.storageId, count: count() })
    .from(backupCopies)
    .innerJoin(backups, eq(backups.id, backupCopies.backupId))
    .where(and(eq(backupCopies.state, "STORED"), eq(backups.encrypted, false), isNull(backups.deletedAt)))
    .groupBy(backupCopies.storageId);
  return new Map(rows.map(({ id, count }) => [id, count]));
}

/** Whether there is an encrypted backup, which nobody can read without its key. */
export async function holdsEncrypted(db: Db): Promise<boolean> {
  const [row] = await db
    .select({ id: backups.id })
    .from(backups)
    .where(and(eq(backups.encrypted, true), isNull(backups.deletedAt)))
    .limit(1);
  return Boolean(row);
}
