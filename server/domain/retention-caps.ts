import type { BackupId, StorageId } from "./ids.ts";
import type { RetainedBackup, SizeCap } from "./retention.ts";

/** The backups that storages over their cap give up, of those that the limits keep, newest first: damaged ones, then the oldest. */
export function takenByCaps(
  newestFirst: readonly RetainedBackup[],
  secured: ReadonlySet<BackupId>,
  caps: readonly SizeCap[],
): ReadonlySet<BackupId> {
  const taken = new Set<BackupId>();
  for (const { storageId, capBytes } of caps) {
    const oldestFirst = newestFirst.filter((backup) => backup.storageId === storageId).toReversed();
    let bytes = sizeOf(oldestFirst);
    for (const { id, storedSize } of [...oldestFirst.filter(({ good }) => !good), ...oldestFirst.filter(({ good }) => good)]) {
      if (bytes <= capBytes) break;
      if (secured.has(id)) continue;
      taken.add(id);
      bytes -= storedSize;
    }
  }
  return taken;
}

/** The storages that stay over their cap with what is kept, and by how many bytes. */
export const stillOverCap = (kept: readonly RetainedBackup[], caps: readonly SizeCap[]): { storageId: StorageId; bytes: number }[] =>
  caps
    .map(({ storageId, capBytes }) => ({
      storageId,
      bytes: sizeOf(kept.filter((backup) => backup.storageId === storageId)) - capBytes,
    }))
    .filter(({ bytes }) => bytes > 0);

const sizeOf = (backups: readonly RetainedBackup[]) => backups.reduce((sum, { storedSize }) => sum + storedSize, 0);
