import DataLoader from "dataloader";
import type { BackupId, SourceId, StorageId } from "../domain/ids.ts";
import type { Reads } from "../services/reads.ts";

export type Loaders = ReturnType<typeof createLoaders>;

/** One request's loaders: each noun is read once for all the fields that want it. */
export const createLoaders = (reads: Reads) => ({
  source: byId(reads.sources, (row: { id: SourceId }) => row.id),
  storage: byId(reads.storages, (row: { id: StorageId }) => row.id),
  backup: byId(reads.backups, (row: { id: BackupId }) => row.id),
  manifest: byId(reads.manifests, (row: { backupId: BackupId }) => row.backupId),
});

const byId = <Id extends string, Row>(read: (ids: readonly Id[]) => Promise<readonly Row[]>, idOf: (row: Row) => Id) =>
  new DataLoader<Id, Row | null>(async (ids) => {
    const rows = new Map((await read(ids)).map((row) => [idOf(row), row]));
    return ids.map((id) => rows.get(id) ?? null);
  });
