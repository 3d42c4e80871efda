import type { Db } from "../db/client.ts";
import { foldersOnStorage, type StorageRow, updateStorageRow } from "../db/storages.ts";
import { Failure } from "../domain/errors.ts";
import type { StorageId } from "../domain/ids.ts";
import { locationOf } from "../domain/storage.ts";
import { readMarker, writeMarker } from "../engine/storage/marker.ts";
import type { Storage } from "../engine/storage/storage.ts";

interface Dependencies {
  readonly db: Db;
  readonly now: () => Date;
  readonly onError: (error: unknown) => void;
}

export type StorageMarks = ReturnType<typeof createStorageMarks>;
type Marked = Pick<StorageRow, "id" | "name" | "kind" | "config" | "markerId">;

/** How long a marker that was seen is believed in. */
const keptMilliseconds = 60_000;

/** Makes sure that what lies at a storage's place is that storage: not an empty mount point, nor another disk. */
export function createStorageMarks({ db, now, onError }: Dependencies) {
  const seen = new Map<StorageId, { readonly markerId: string; readonly at: number }>();

  /** One of the newest backups that the catalog knows to be there is; null where it knows none. */
  async function holdsItsBackups(id: StorageId, storage: Pick<Storage, "size">): Promise<boolean | null> {
    const folders = await foldersOnStorage(db, id, 5);
    for (const folder of folders) if ((await storage.size(`${folder}/manifest.json`)) !== null) return true;
    return folders.length === 0 ? null : false;
  }

  /** Takes over the marker that lies there, or writes one with this id. */
  async function claim(id: string, storage: Storage): Promise<string> {
    const found = await readMarker(storage);
    if (found) return found.id;
    if (await writeMarker(storage, id, now())) return id;
    return (await readMarker(storage))?.id ?? id;
  }

  /** The id of the storage's marker, written or taken over where nothing speaks against it. */
  async function settle(row: Marked, storage: Storage): Promise<string> {
    const found = await readMarker(storage);
    if (found !== null && found.id === row.markerId) return found.id;
    // With no word of its own the storage is what it was if a backup of ours is there, or if there never was one.
    const holds = await holdsItsBackups(row.id, storage);
    const credible = holds === true || (holds === null && row.markerId === null);
    if (!credible || (found !== null && row.markerId !== null)) throw notMounted(row);
    if (found) return found.id;
    try {
      return await claim(row.markerId ?? row.id, storage);
    } catch (error) {
      // A storage that has become read-only can still be restored from.
      if (holds !== true) throw error;
      onError(new Error(`The marker of the storage ${row.name} could not be written`, { cause: error }));
      return row.markerId ?? "";
    }
  }

  return {
    claim,
    holdsItsBackups,

    /** Throws STORAGE_UNAVAILABLE with the reason STORAGE_NOT_MOUNTED unless it is this storage; looks at most once a minute. */
    async confirm(row: Marked, storage: Storage): Promise<void> {
      const last = seen.get(row.id);
      const at = now().getTime();
      if (last && last.markerId === row.markerId && Math.abs(at - last.at) < keptMilliseconds) return;
      seen.delete(row.id);
      const markerId = await settle(row, storage);
      if (!markerId) return;
      // Where it is without links in its path is kept together with its mark.
      if (markerId !== row.markerId) await updateStorageRow(db, row.id, { markerId, config: row.config });
      seen.set(row.id, { markerId, at });
    },

    /** From now on it is looked at anew. */
    forget: (id: StorageId) => void seen.delete(id),
  };
}

function notMounted({ id, name, kind, config }: Marked): Failure {
  const place = kind === "LOCAL" ? `The folder ${locationOf(kind, config)} is there` : `${locationOf(kind, config)} can be reached`;
  const why = kind === "LOCAL" ? "its disk is probably not mounted" : "something else lies there now";
  const first = kind === "LOCAL" ? "Mount its disk and try again." : "Look whether it was moved or emptied.";
  return new Failure(
    "STORAGE_UNAVAILABLE",
    `${place}, but it is not the storage ${name}: ${why}.`,
    `${first} If this is the right place all the same, say so once: npx holdfast update-storage ${id} --adopt`,
    { reason: "STORAGE_NOT_MOUNTED" },
  );
}
