import { and, inArray, lt, sql } from "drizzle-orm";
import { type BackupId, newId, type OperationId, type SourceId, type StorageId } from "../domain/ids.ts";
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
    select id, 'BACKUP', source_id, storage_id, status, null, started_at, finished_at, size, coalesce(counted_size, stored_size), coalesce(deleted_at, ${now})
      from backups where id in (${named}) and finished_at is not null
    union all
    select v.id, 'VERIFICATION', b.source_id, b.storage_id, v.status, v.passed, v.started_at, v.finished_at, null, null, coalesce(b.deleted_at, ${now})
      from verifications v join backups b on b.id = v.backup_id where b.id in (${named}) and v.finished_at is not null
    union all
    select uuid(), 'COPY', b.source_id, c.storage_id, 'COMPLETED', null, null, c.stored_at, b.size, coalesce(b.counted_size, b.stored_size), coalesce(b.deleted_at, ${now})
      from backup_copies c join backups b on b.id = c.backup_id
      where b.id in (${named}) and c.storage_id <> b.storage_id and c.stored_at is not null`);
  const horizon = new Date(now.getTime() - keptMilliseconds);
  // The kinds are named for the index, which begins with them.
  await tx
    .delete(pastOperations)
    .where(and(inArray(pastOperations.kind, ["BACKUP", "VERIFICATION", "COPY"]), lt(pastOperations.removedAt, horizon)));
}

/** Notes what a storage had of a backup on one more storage than its first: how a storage grows is told from it. */
export async function notePastCopy(
  tx: Db,
  backup: {
    readonly sourceId: SourceId;
    readonly size: number | null;
    readonly storedSize: number | null;
    readonly countedSize: number | null;
    readonly deletedAt: Date | null;
  },
  { storageId, storedAt }: { readonly storageId: StorageId; readonly storedAt: Date },
  now: Date,
): Promise<void> {
  await tx.insert(pastOperations).values({
    ...{ id: newId<OperationId>(), kind: "COPY", sourceId: backup.sourceId, storageId, status: "COMPLETED", finishedAt: storedAt },
    ...{ size: backup.size, storedSize: backup.countedSize ?? backup.storedSize, removedAt: backup.deletedAt ?? now },
  });
}
