import { type BackupRow, findManifests } from "../db/backups.ts";
import type { Db } from "../db/client.ts";
import { listCopiesOf } from "../db/copies.ts";
import { listStorages } from "../db/storages.ts";
import { Failure, messageOf } from "../domain/errors.ts";
import type { StorageId } from "../domain/ids.ts";
import { missingFiles } from "../engine/missing-files.ts";
import type { Storage } from "../engine/storage/storage.ts";
import type { Storages } from "./storages.ts";

interface Dependencies {
  readonly catalog: Db;
  readonly storages: Pick<Storages, "open">;
}

export type ReadBackup = Pick<BackupRow, "id" | "storageId" | "folder">;

/** The storage that a backup is read from. */
export interface ReadFrom {
  readonly storage: Storage;
  readonly storageId: StorageId;
  /** What a person calls it. */
  readonly storageName: string;
  /** A sentence for each storage that was to be read before it and could not; for the log of the operation. */
  readonly passedOver: readonly string[];
}

/**
 * Chooses the storage to read a backup from: the one that is read first, or when that is away or lacks a file, the next that has
 * the backup. One that was found damaged comes last. With `only` none but that is read.
 */
export function createReadableCopies({ catalog, storages }: Dependencies) {
  async function candidatesOf(backup: ReadBackup, only: StorageId | undefined): Promise<readonly StorageId[]> {
    if (only !== undefined) return [only];
    const stored = (await listCopiesOf(catalog, backup.id)).filter(({ state }) => state === "STORED");
    const rank = ({ storageId, problem }: (typeof stored)[number]) => (problem !== null ? 2 : storageId === backup.storageId ? 0 : 1);
    const ranked = stored.toSorted((a, b) => rank(a) - rank(b)).map(({ storageId }) => storageId);
    return ranked.length > 0 ? ranked : [backup.storageId];
  }

  return async function choose(backup: ReadBackup, only?: StorageId): Promise<ReadFrom> {
    const [candidates, rows] = [await candidatesOf(backup, only), await listStorages(catalog)];
    const nameOf = (id: StorageId) => rows.find((row) => row.id === id)?.name ?? id;
    // Needed where there is a choice alone.
    const manifest = candidates.length > 1 ? ((await findManifests(catalog, [backup.id]))[0]?.manifest ?? null) : null;
    const passedOver: string[] = [];
    const incomplete: ReadFrom[] = [];
    let first: unknown;
    for (const storageId of candidates) {
      try {
        const storage = await storages.open(storageId);
        const found = { storage, storageId, storageName: nameOf(storageId), passedOver };
        // With one alone there is no choice: whoever reads it says best what is wrong with it.
        if (candidates.length === 1) return found;
        const [missing] = manifest ? await missingFiles(storage, manifest, backup.folder) : [];
        if (missing === undefined) return found;
        incomplete.push(found);
        passedOver.push(`${nameOf(storageId)} is passed over: ${missing}`);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        first ??= error;
        passedOver.push(`${nameOf(storageId)} is passed over: ${messageOf(error)}`);
      }
    }
    const [fallBack] = incomplete;
    if (fallBack) return { ...fallBack, passedOver: passedOver.filter((line) => !line.startsWith(`${fallBack.storageName} `)) };
    throw first;
  };
}
