import type { Db } from "../db/client.ts";
import type { StorageId } from "../domain/ids.ts";
import type { Manifest } from "../domain/manifest.ts";
import type { Storage } from "../engine/storage/storage.ts";
import type { StoredBackup } from "../engine/stored-content.ts";
import type { Keys } from "./keys.ts";
import { createReadableCopies, type ReadBackup, type ReadFrom } from "./readable-copies.ts";
import type { Storages } from "./storages.ts";

interface Dependencies {
  readonly catalog: Db;
  readonly storages: Pick<Storages, "open">;
  readonly keys: Pick<Keys, "readable" | "refuseForeign">;
}

/** A backup to be looked into, and where it is read. */
export interface OpenedBackup extends StoredBackup {
  readonly from: Omit<ReadFrom, "storage">;
}

export type StoredBackups = ReturnType<typeof createStoredBackups>;

/** Opens backups to be read, wherever they lie: from the storage that is named, or from the first that has all of it. */
export function createStoredBackups(dependencies: Dependencies) {
  const choose = createReadableCopies(dependencies);
  const { keys } = dependencies;

  /** The backup to be looked into, decrypted. ARTIFACT_CORRUPT where its manifest was altered, KEY_MISSING where its key is not there. */
  async function open(backup: ReadBackup, manifest: Manifest, storageId?: StorageId): Promise<OpenedBackup> {
    const { storage, ...from } = await choose(backup, storageId);
    return { ...keys.readable({ storage, folder: backup.folder, manifest }), from };
  }

  return {
    choose,

    /** The storage to read its files from as they are stored. */
    raw: async (backup: ReadBackup, storageId?: StorageId): Promise<Storage> => (await choose(backup, storageId)).storage,

    open,

    /** The backup to be restored: one that another Holdfast wrote is refused with KEY_MISSING. */
    async openToRestore(backup: ReadBackup, manifest: Manifest): Promise<OpenedBackup> {
      keys.refuseForeign(manifest, backup.folder);
      return open(backup, manifest);
    },
  };
}

/** Says in the log of an operation where it reads, and which storages could not be read. */
export function sayWhere(from: OpenedBackup["from"], say: (level: "INFO" | "WARN", message: string) => void): void {
  for (const line of from.passedOver) say("WARN", line);
  say("INFO", `It is read from ${from.storageName}.`);
}
