import { type BackupRow, findBackup, findManifests, recordManifest } from "../db/backups.ts";
import type { Db } from "../db/client.ts";
import type { CopyOutcome } from "../db/copies.ts";
import { Failure, messageOf, notFound } from "../domain/errors.ts";
import type { BackupId, StorageId } from "../domain/ids.ts";
import type { Manifest } from "../domain/manifest.ts";
import { discardBackup } from "../engine/backup.ts";
import { readManifest } from "../engine/manifest.ts";
import type { Storage } from "../engine/storage/storage.ts";
import { storagesOf } from "./backup-targets.ts";
import type { Storages } from "./storages.ts";

interface Dependencies {
  readonly catalog: Db;
  readonly storages: Pick<Storages, "open">;
  readonly now: () => Date;
  readonly onError: (error: unknown) => void;
}

/** What is found of a backup on one of its storages; `away` where that cannot be told now. */
type Found = { readonly storage: Storage; readonly manifest: Manifest | null } | { readonly away: unknown };

const interruption = "Holdfast stopped while this backup was running";

/**
 * Decides what became of a backup whose worker is gone. Wherever its manifest was written it is whole: complete after all, and
 * made up for elsewhere. Where it was not, what lies there is swept away. While nobody can tell, nothing is decided.
 */
export function createBackupSettling({ catalog, storages, now, onError }: Dependencies) {
  async function look({ id, folder }: BackupRow, storageId: StorageId): Promise<Found> {
    try {
      const storage = await storages.open(storageId);
      const manifest = await readManifest(storage, folder).catch((error: unknown) => {
        if (error instanceof Failure && (error.code === "NOT_FOUND" || error.code === "ARTIFACT_CORRUPT")) return null;
        throw error;
      });
      return { storage, manifest: manifest?.id === id ? manifest : null };
    } catch (error) {
      return { away: error };
    }
  }

  return async function settle(id: BackupId): Promise<Failure | null> {
    const row = await findBackup(catalog, id);
    if (!row) throw notFound("backup", id);
    const all = await storagesOf(catalog, row);
    const found = await Promise.all(all.map(async (storage) => ({ ...storage, found: await look(row, storage.id) })));
    const manifest = found.reduce<Manifest | null>((one, each) => one ?? ("away" in each.found ? null : each.found.manifest), null);
    if (!manifest) for (const { found: each } of found) if ("away" in each) throw each.away;
    for (const { found: each } of found)
      if (!("away" in each) && !each.manifest) await discardBackup(each.storage, row.folder).catch(onError);
    if (!manifest) return new Failure("INTERRUPTED", `${interruption}; what it had stored was removed.`, "Start it again.");
    if ((await findManifests(catalog, [id])).length === 0)
      await recordManifest(
        catalog,
        id,
        manifest,
        found.map(({ id: storageId, name, found: each }): CopyOutcome => {
          const problem = "away" in each ? messageOf(each.away) : each.manifest ? null : `${interruption}.`;
          return { storageId, storage: name, problem, retryAt: problem === null ? null : now() };
        }),
      );
    return null;
  };
}
