import type { BackupId } from "./ids.ts";

/** What a backup has on a storage: files that are its own, and packs that it may share with others. */
export interface Sharing {
  readonly id: BackupId;
  /** Stored bytes of its own files. */
  readonly own: number;
  /** Stored bytes of each pack that it needs, by the pack's name on the storage. */
  readonly packs: ReadonlyMap<string, number>;
}

/**
 * The bytes that count for each, so that every pack counts once: for the first that needs it in the order given. The oldest
 * first tells when bytes came; those that stay, and then those that go, the last to go first, tells what each of these frees.
 */
export function countOnce(inOrder: readonly Sharing[]): Map<BackupId, number> {
  const counted = new Set<string>();
  return new Map(
    inOrder.map(({ id, own, packs }) => {
      let bytes = own;
      for (const [name, size] of packs) {
        if (counted.has(name)) continue;
        counted.add(name);
        bytes += size;
      }
      return [id, bytes];
    }),
  );
}
