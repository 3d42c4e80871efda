import type { Db } from "../db/client.ts";
import type { StorageId } from "../domain/ids.ts";
import type { Manifest } from "../domain/manifest.ts";
import type { Storage } from "../engine/storage/storage.ts";
import type { StoredBackup } from "../engine/stored-content.ts";
import { createReadableCopies, type ReadBackup, type ReadFrom } from "./readable-copies.ts";
import type { Storages } from "./storages.ts";

interface Dependencies {
  readonly catalog: Db;
  readonly storages: Pick<Storages, "open">;
}

/** A backup to be looked into, and where it is read. */
export interface OpenedBackup extends StoredBackup {
  readonly from: Omit<ReadFrom, "storage">;
}

export type StoredBackups = ReturnType<typeof createStoredBackups>;

/** Opens backups to be read, wherever they lie: from the storage that is named, or from the first that has all of it. */
export function createStoredBackups(dependencies: Dependencies) {
  const choose = createReadableCopies(dependencies);
  return {
    choose,

    /** The storage to read its files from as they are stored. */
    raw: async (backup: ReadBackup, storageId?: StorageId): Promise<Storage> => (await choose(backup, storageId)).storage,

    /** The backup to be looked into. */
    async open(backup: ReadBackup, manifest: Manifest, storageId?: StorageId): Promise<OpenedBackup> {
      const { storage, ...from } = await choose(backup, storageId);
      return { storage, folder: backup.folder, manifest, from };
    },
  };
}

/** Says in the log of an operation where it reads, and which storages could not be read. */
export function sayWhere(from: OpenedBackup["from"], say: (level: "INFO" | "WARN", message: string) => void): void {
  for (const line of from.passedOver) say("WARN", line);
  say("INFO", `It is read from ${from.storageName}.`);
}
