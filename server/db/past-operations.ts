import { and, inArray, lt, sql } from "drizzle-orm";
import type { BackupId } from "../domain/ids.ts";
import type { Db } from "./client.ts";
import { pastOperations } from "./schema/index.ts";

/** Longer than any range that statistics are asked for. */
const keptMilliseconds = 3700 * 86_400_000;

/**
 * Notes what statistics need of these backups and of their verifications. To be called before their rows are deleted, in the same
 * transaction.
 */
export async function notePast(tx: Db, ids: readonly BackupId[], now: Date): Promise<void> {
  if (ids.length === 0) return;
  const named = sql.join(
    ids.map((id) => sql`${id}`),
    sql`, `,
  );
  await tx.execute(sql`
    insert ignore into past_operations (id, kind, source_id, storage_id, status, passed, started_at, finished_at, size, stored_size, removed_at)
    select id, 'BACKUP', source_id, storage_id, status, null, started_at, finished_at, size, stored_size, coalesce(deleted_at, ${now})
      from backups where id in (${named}) and finished_at is not null
    union all
    select v.id, 'VERIFICATION', b.source_id, b.storage_id, v.status, v.passed, v.started_at, v.finished_at, null, null, coalesce(b.deleted_at, ${now})
      from verifications v join backups b on b.id = v.backup_id where b.id in (${named}) and v.finished_at is not null`);
  const horizon = new Date(now.getTime() - keptMilliseconds);
  // The kinds are named for the index, which begins with them.
  await tx
    .delete(pastOperations)
    .where(and(inArray(pastOperations.kind, ["BACKUP", "VERIFICATION"]), lt(pastOperations.removedAt, horizon)));
}
