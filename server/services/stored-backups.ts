import type { BackupRow } from "../db/backups.ts";
import type { Manifest } from "../domain/manifest.ts";
import type { Storage } from "../engine/storage/storage.ts";
import type { StoredBackup } from "../engine/stored-content.ts";
import type { Storages } from "./storages.ts";

interface Dependencies {
  readonly storages: Pick<Storages, "open">;
}

export type StoredBackups = ReturnType<typeof createStoredBackups>;

/** Opens backups to be read, wherever they lie. */
export const createStoredBackups = ({ storages }: Dependencies) => ({
  /** The storage to read its files from as they are stored. */
  raw: (backup: Pick<BackupRow, "id" | "storageId">): Promise<Storage> => storages.open(backup.storageId),

  /** The backup to be looked into. */
  open: async (backup: Pick<BackupRow, "id" | "storageId" | "folder">, manifest: Manifest): Promise<StoredBackup> => ({
    storage: await storages.open(backup.storageId),
    folder: backup.folder,
    manifest,
  }),
});
