import type { Db } from "../db/client.ts";
import * as db from "../db/copies.ts";
import { Failure, notFound } from "../domain/errors.ts";
import type { CopyId } from "../domain/ids.ts";
import { discardBackup } from "../engine/backup.ts";
import { copyBackup } from "../engine/copy.ts";
import type { Backups } from "./backups.ts";
import type { Operations } from "./operations.ts";
import type { Work } from "./running.ts";
import type { Storages } from "./storages.ts";
import type { StoredBackups } from "./stored-backups.ts";

interface Dependencies {
  readonly catalog: Db;
  readonly operations: Operations;
  readonly backups: Pick<Backups, "existing" | "manifestOf">;
  readonly storages: Pick<Storages, "open">;
  readonly storedBackups: Pick<StoredBackups, "raw">;
  readonly now: () => Date;
}

export type Copies = ReturnType<typeof createCopies>;

/** Brings backups to further storages. */
export function createCopies({ catalog, operations, backups, storages, storedBackups, now }: Dependencies) {
  const existing = async (id: CopyId): Promise<db.CopyRow> => {
    const row = await db.findCopy(catalog, id);
    if (!row) throw notFound("copy", id);
    return row;
  };

  async function copy({ backupId, storageId }: db.CopyRow, work: Work): Promise<void> {
    const backup = await backups.existing(backupId);
    const manifest = await backups.manifestOf(backupId);
    if (!manifest) throw new Failure("NOT_FOUND", `${backup.name} has no manifest in the catalog.`);
    const files = [...manifest.artifacts, ...(manifest.media?.index ? [manifest.media.index] : [])];
    await copyBackup(await storedBackups.raw(backup), await storages.open(storageId), backup.folder, files, work);
    await db.writeBackupCopy(catalog, { backupId, storageId, state: "STORED", problem: null, attempts: 0, retryAt: null, storedAt: now() });
    work.say("INFO", "The copy is complete.");
  }

  return {
    existing,

    /** Carries out the copy that waits under `id`, as its operation. */
    async perform(id: CopyId): Promise<boolean> {
      const row = await existing(id);
      return operations.run(id, (work) => copy(row, work));
    },

    /** Decides what became of a copy whose worker is gone: null when it is whole. */
    async settle(id: CopyId): Promise<Failure | null> {
      const { backupId, storageId } = await existing(id);
      if ((await db.findBackupCopy(catalog, backupId, storageId))?.state === "STORED") return null;
      const { folder } = await backups.existing(backupId);
      await discardBackup(await storages.open(storageId), folder);
      return new Failure("INTERRUPTED", "Holdfast stopped while this copy was running; what it had stored was removed.", "Start it again.");
    },
  };
}
