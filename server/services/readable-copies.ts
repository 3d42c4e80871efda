import type { BackupRow } from "../db/backups.ts";
import type { Db } from "../db/client.ts";
import { listCopiesOf } from "../db/copies.ts";
import { listStorages } from "../db/storages.ts";
import { Failure, messageOf } from "../domain/errors.ts";
import type { StorageId } from "../domain/ids.ts";
import { manifestName } from "../domain/naming.ts";
import type { Storage } from "../engine/storage/storage.ts";
import type { Storages } from "./storages.ts";

interface Dependencies {
  readonly catalog: Db;
  readonly storages: Pick<Storages, "open">;
}

export type ReadBackup = Pick<BackupRow, "id" | "storageId" | "folder" | "artifacts">;

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
    const passedOver: string[] = [];
    const incomplete: ReadFrom[] = [];
    let first: unknown;
    for (const storageId of candidates) {
      try {
        const storage = await storages.open(storageId);
        const found = { storage, storageId, storageName: nameOf(storageId), passedOver };
        // With one alone there is no choice: whoever reads it says best what is wrong with it.
        if (candidates.length === 1) return found;
        const missing = await missingOf(backup, storage);
        if (missing === null) return found;
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

/** What of the backup is not there as it should be; null when all is. */
async function missingOf({ folder, artifacts }: ReadBackup, storage: Storage): Promise<string | null> {
  const sizes = new Map<string, number>();
  for await (const { name, size } of storage.list(`${folder}/`)) sizes.set(name, size);
  if (!sizes.has(`${folder}/${manifestName}`)) return `it has no manifest of this backup.`;
  for (const { name, storedSize } of artifacts) {
    const size = sizes.get(`${folder}/${name}`);
    if (size === undefined) return `it does not hold ${name}.`;
    if (size !== storedSize) return `its ${name} has ${size} bytes instead of ${storedSize}.`;
  }
  return null;
}
