import type { Db } from "../db/client.ts";
import { listStoredOn } from "../db/rebuild.ts";
import type { BackupId, StorageId } from "../domain/ids.ts";
import { manifestName } from "../domain/naming.ts";
import { listedAtMost } from "../domain/rebuild.ts";
import { readAhead } from "../engine/read-ahead.ts";
import type { Storage } from "../engine/storage/storage.ts";

/** The backups that are to lie on a storage and whose manifests are not there; `there` holds the folders that were found. */
export async function missingOn(catalog: Db, storageId: StorageId, storage: Storage, there: ReadonlySet<string>): Promise<BackupId[]> {
  async function* suspects() {
    for (let last = ""; ; ) {
      const rows = await listStoredOn(catalog, storageId, last);
      yield* rows.filter(({ folder }) => !there.has(folder));
      const next = rows.at(-1)?.id;
      if (next === undefined) return;
      last = next;
    }
  }
  const missing: BackupId[] = [];
  // One that was stored after the list had passed its place is looked for once more.
  const look = async ({ id, folder }: { id: BackupId; folder: string }) =>
    (await storage.size(`${folder}/${manifestName}`)) === null ? id : null;
  for await (const id of readAhead(suspects(), 16, look)) {
    if (id !== null) missing.push(id);
    if (missing.length >= listedAtMost) break;
  }
  return missing;
}
