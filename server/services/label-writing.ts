import { setTimeout as sleep } from "node:timers/promises";
import { type BackupRow, findBackup } from "../db/backups.ts";
import type { Db } from "../db/client.ts";
import * as db from "../db/labels.ts";
import { Failure, messageOf } from "../domain/errors.ts";
import type { BackupId, StorageId } from "../domain/ids.ts";
import { sameLabels } from "../domain/labels.ts";
import { manifestName } from "../domain/naming.ts";
import { type LabelFile, labelFiles, labelsName, readLabels, removeOlderLabels, writeLabels } from "../engine/labels.ts";
import type { Storage } from "../engine/storage/storage.ts";
import type { Signing } from "./signing.ts";
import type { Storages } from "./storages.ts";

export interface LabelWritingDependencies {
  readonly catalog: Db;
  readonly storages: Pick<Storages, "open">;
  readonly signing: Pick<Signing, "sign">;
  readonly now: () => Date;
  readonly onError: (error: unknown) => void;
}

/** One upkeep writes so many; the rest waits for the next. */
const batch = 500;
/** A storage that does not answer holds up the end of the process for no longer than this. */
const patienceMilliseconds = 5_000;

/** Brings the labels of backups to their storages. */
export function createLabelWriting({ catalog, storages, signing, now, onError }: LabelWritingDependencies) {
  const stopping = new AbortController();
  /** One write at a time for each backup, each with what the catalog says when its turn comes. */
  const underWay = new Map<BackupId, Promise<void>>();

  /** Writes the newest labels; answers the version that the storage has and the catalog has not, where it has one. */
  async function writeTo(storage: Storage, row: BackupRow): Promise<{ newer: number | null }> {
    // A backup that is not there any more gets no folder for its labels alone.
    if (!(await isThere(storage, row))) return { newer: null };
    const [newest] = await labelFiles(storage, row.folder);
    if (newest && newest.version >= row.labelsVersion) {
      if (newest.version > row.labelsVersion || !(await saysTheSame(storage, row, newest))) return { newer: newest.version };
      await removeOlderLabels(storage, row.folder, newest.version);
      return { newer: null };
    }
    const { id: backupId, folder, labelsVersion: version, name, description, pinned } = row;
    const labels = { format: 1, backupId, folder, version, name, description, pinned, changedAt: now().toISOString() } as const;
    await writeLabels(storage, folder, await signing.sign(labels), stopping.signal);
    // Deleted meanwhile: what was just written may have come after its folder was swept. A deletion begins with the manifest.
    if (!(await isThere(storage, row))) await storage.remove(`${folder}/${labelsName(version)}`);
    return { newer: null };
  }

  async function writeOn(storageId: StorageId, row: BackupRow): Promise<void> {
    const storage = await storages.open(storageId);
    const { newer } = await writeTo(storage, row);
    if (newer !== null) return db.raiseLabels(catalog, row.id, row.labelsVersion, newer + 1);
    await db.noteLabels(catalog, row.id, storageId, row.labelsVersion);
  }

  /** Until all of its storages have what the catalog says; a storage that is away is left to the next upkeep. */
  async function write(id: BackupId): Promise<void> {
    const refused = new Set<StorageId>();
    while (!stopping.signal.aborted) {
      const row = await findBackup(catalog, id);
      const behind = (await db.copiesBehind(catalog, id)).filter(({ storageId }) => !refused.has(storageId));
      if (!row || behind.length === 0) return;
      await Promise.all(
        behind.map(({ storageId }) =>
          writeOn(storageId, row).catch((cause) => {
            refused.add(storageId);
            onError(new Error(`Could not write the labels of ${row.folder} yet: ${messageOf(cause)}`, { cause }));
          }),
        ),
      );
    }
  }

  function begin(id: BackupId): Promise<void> {
    const next = (underWay.get(id) ?? Promise.resolve()).then(() => write(id)).catch(onError);
    underWay.set(id, next);
    return next.finally(() => {
      if (underWay.get(id) === next) underWay.delete(id);
    });
  }

  const idle = async (): Promise<void> => {
    while (underWay.size > 0) await Promise.all(underWay.values());
  };

  return {
    begin: (id: BackupId): void => void begin(id),
    idle,

    async catchUp(): Promise<void> {
      const away = new Set<StorageId>();
      for (const { backupId, storageId } of await db.listBehind(catalog, batch)) {
        if (stopping.signal.aborted || away.has(storageId) || underWay.has(backupId)) continue;
        const row = await findBackup(catalog, backupId);
        if (!row) continue;
        await writeOn(storageId, row).catch((cause) => {
          if (cause instanceof Failure && cause.code === "STORAGE_UNAVAILABLE") away.add(storageId);
          onError(new Error(`Could not write the labels of ${row.folder} yet: ${messageOf(cause)}`, { cause }));
        });
      }
    },

    /** Waits a moment for what is being written; what is not done by then is caught up. */
    async stop(): Promise<void> {
      const over = new AbortController();
      await Promise.race([idle(), sleep(patienceMilliseconds, undefined, { signal: over.signal }).catch(() => {})]);
      over.abort();
      stopping.abort(new Failure("CANCELLED", "Holdfast was stopped."));
    },
  };
}

const isThere = async (storage: Storage, { folder }: BackupRow) => (await storage.size(`${folder}/${manifestName}`)) !== null;

async function saysTheSame(storage: Storage, row: BackupRow, file: LabelFile): Promise<boolean> {
  try {
    return sameLabels(await readLabels(storage, row.folder, file), row);
  } catch (error) {
    if (error instanceof Failure && error.code === "ARTIFACT_CORRUPT") return false;
    throw error;
  }
}
