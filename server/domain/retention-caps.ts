import type { BackupId, StorageId } from "./ids.ts";
import type { RetainedBackup, SizeCap } from "./retention.ts";
import { newestGoodOf } from "./retention-protection.ts";

/** What storages over their cap give up: of some backups the copy that lies there, of others all that there is. */
export interface TakenByCaps {
  readonly backups: ReadonlySet<BackupId>;
  /** The storages on which the backup is given up, although it stays. */
  readonly copies: ReadonlyMap<BackupId, readonly StorageId[]>;
}

/**
 * What storages over their cap give up, of the backups that the limits keep, newest first. A backup that lies elsewhere too loses
 * its copy there and stays; one that lies nowhere else goes. First those found damaged, then what lies elsewhere too, then the
 * rest, each of them the oldest first. `secured` ones stay wherever they are, and so does the newest good backup of each part of
 * a source that the storage has: a cap never leaves a storage without a backup to restore from.
 */
export function takenByCaps(newestFirst: readonly RetainedBackup[], secured: ReadonlySet<BackupId>, caps: readonly SizeCap[]): TakenByCaps {
  const left = new Map(newestFirst.map(({ id, storages }) => [id, new Set(storages)]));
  const [backups, copies] = [new Set<BackupId>(), new Map<BackupId, StorageId[]>()];
  for (const { storageId, capBytes } of caps) {
    const here = newestFirst.filter(({ id }) => left.get(id)?.has(storageId));
    const newest = newestGoodOf(here);
    const oldestFirst = here.toReversed();
    const [damaged, good] = [oldestFirst.filter((one) => !one.good), oldestFirst.filter((one) => one.good)];
    const liesElsewhere = ({ id }: RetainedBackup) => (left.get(id)?.size ?? 0) > 1;
    const inOrder = [...damaged, ...good.filter(liesElsewhere), ...good.filter((one) => !liesElsewhere(one))];
    let bytes = sizeOf(here);
    for (const backup of inOrder) {
      if (bytes <= capBytes) break;
      if (secured.has(backup.id) || newest.has(backup.id)) continue;
      if (liesElsewhere(backup)) copies.set(backup.id, [...(copies.get(backup.id) ?? []), storageId]);
      else {
        backups.add(backup.id);
        copies.delete(backup.id);
      }
      left.get(backup.id)?.delete(storageId);
      bytes -= backup.storedSize;
    }
  }
  return { backups, copies };
}

/** The storages that stay over their cap with what is kept, and by how many bytes. */
export const stillOverCap = (
  kept: readonly Pick<RetainedBackup, "storages" | "storedSize">[],
  caps: readonly SizeCap[],
): { storageId: StorageId; bytes: number }[] =>
  caps
    .map(({ storageId, capBytes }) => ({
      storageId,
      bytes: sizeOf(kept.filter(({ storages }) => storages.includes(storageId))) - capBytes,
    }))
    .filter(({ bytes }) => bytes > 0);

const sizeOf = (backups: readonly Pick<RetainedBackup, "storedSize">[]) => backups.reduce((sum, { storedSize }) => sum + storedSize, 0);
