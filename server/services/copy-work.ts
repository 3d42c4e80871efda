import { isDeepStrictEqual } from "node:util";
import { formatCount } from "../../shared/format.ts";
import type { BackupRow } from "../db/backups.ts";
import type { Db } from "../db/client.ts";
import * as db from "../db/copies.ts";
import { lockBackup } from "../db/deletions.ts";
import { listDoubtfulPacks } from "../db/packs.ts";
import { findStorage } from "../db/storages.ts";
import { Failure } from "../domain/errors.ts";
import type { StorageId } from "../domain/ids.ts";
import type { Manifest } from "../domain/manifest.ts";
import { packsFolder } from "../domain/naming.ts";
import { discardBackup } from "../engine/backup.ts";
import { ownFilesOf, packsOf } from "../engine/backup-files.ts";
import { type CopiedFile, copyBackup } from "../engine/copy.ts";
import { labelFiles, labelsVersionOf } from "../engine/labels.ts";
import { parseManifest, readManifest } from "../engine/manifest.ts";
import { proveFile, type StoredFile } from "../engine/media/proved.ts";
import { missingPack } from "../engine/missing-files.ts";
import type { Storage } from "../engine/storage/storage.ts";
import type { Backups } from "./backups.ts";
import type { PackPruning } from "./pack-pruning.ts";
import type { Work } from "./running.ts";
import { whyNoRoom, written } from "./storage-room.ts";
import type { Storages } from "./storages.ts";
import { type StoredBackups, sayWhere } from "./stored-backups.ts";

interface Dependencies {
  readonly catalog: Db;
  readonly backups: Pick<Backups, "existing" | "manifestOf">;
  readonly storages: Pick<Storages, "open">;
  readonly storedBackups: Pick<StoredBackups, "choose">;
  readonly packs: Pick<PackPruning, "begin" | "finished">;
  readonly now: () => Date;
}

/** The work of a copy's operation, and putting right what a crash left of one. */
export function createCopyWork({ catalog, backups, storages, storedBackups, packs, now }: Dependencies) {
  const nameOf = async (id: StorageId) => (await findStorage(catalog, id))?.name ?? id;

  /** It lies there now. Whoever deletes the backup deletes it there too, from this moment on. */
  async function record({ id }: BackupRow, storageId: StorageId, labelsVersion: number): Promise<boolean> {
    const copy = { backupId: id, storageId, state: "STORED", problem: null, attempts: 0, retryAt: null, storedAt: now() } as const;
    return catalog.transaction(async (tx) => {
      if (!(await lockBackup(tx, id))) return false;
      await db.writeBackupCopy(tx, { ...copy, labelsVersion });
      await db.refreshCopyWarnings(tx, id);
      return true;
    });
  }

  async function copy({ id, backupId, storageId }: db.CopyRow, work: Work): Promise<void> {
    const backup = await backups.existing(backupId);
    const manifest = await backups.manifestOf(backupId);
    if (!manifest) throw new Failure("NOT_FOUND", `${backup.name} has no manifest in the catalog.`);
    const { storage: from, ...where } = await storedBackups.choose(backup);
    if (where.storageId === storageId) throw new Failure("CONFLICT", `${backup.name} is on ${where.storageName} already.`);
    sayWhere(where, work.say);
    // What makes it a backup there has to be what was written here.
    if (!isDeepStrictEqual(await readManifest(from, backup.folder), parseManifest(JSON.stringify(manifest), backup.folder)))
      throw new Failure(
        "ARTIFACT_CORRUPT",
        `The manifest on ${where.storageName} is not the one that was written.`,
        "Nothing was copied. Find out who changed it.",
      );
    const name = await nameOf(storageId);
    const target = await storages.open(storageId);
    const shared = packsOf(manifest);
    const place = { sourceId: backup.sourceId, folder: packsFolder(backup.folder) };
    if (shared.length > 0) await packs.begin(place, [storageId], id, work.signal);
    // What an earlier attempt could not take away again.
    await discardBackup(target, backup.folder);
    // Where it lay before, it was found damaged or gone.
    const isRepair = ((await db.findBackupCopy(catalog, backupId, storageId))?.storedAt ?? null) !== null;
    const doubtful = isRepair ? null : await listDoubtfulPacks(catalog, backup.sourceId);
    const missing = await missingPacks(target, manifest, backup.folder, {
      signal: work.signal,
      isDoubtful: (name) => doubtful?.has(name) ?? true,
    });
    const files = await filesOf(from, backup.folder, manifest);
    const full = await whyNoRoom(
      target,
      name,
      [...missing, ...files].reduce((sum, { storedSize }) => sum + storedSize, 0),
    );
    if (full) throw full;
    if (shared.length > 0)
      work.say("INFO", `${shared.length - missing.length} of its ${formatCount(shared.length, "pack")} lie there already.`);
    await copyBackup(from, await written(target, name), backup.folder, [...missing, ...files], {
      ...work,
      confirm: () => confirm(target, manifest, work),
    });
    const version = Math.max(0, ...files.map(({ name: file }) => labelsVersionOf(file.slice(backup.folder.length + 1)) ?? 0));
    if (!(await record(backup, storageId, version))) {
      await discardBackup(target, backup.folder);
      throw new Failure("NOT_FOUND", `${backup.name} was deleted while it was copied; the copy was removed.`);
    }
    if (shared.length > 0) await packs.finished(id, [storageId]);
    work.say("INFO", `The copy on ${name} is complete.`);
  }

  async function settle({ backupId, storageId }: db.CopyRow): Promise<Failure | null> {
    if ((await db.findBackupCopy(catalog, backupId, storageId))?.state === "STORED") return null;
    const { folder } = await backups.existing(backupId);
    await discardBackup(await storages.open(storageId), folder);
    return new Failure(
      "INTERRUPTED",
      "Holdfast stopped while this copy was running; what it had stored was removed.",
      "It is made again by itself.",
    );
  }

  return { copy, settle };
}

/** All that lies in a backup's folder but the manifest: the artifacts, the list of files, and the newest labels. */
async function filesOf(from: Storage, folder: string, manifest: Manifest): Promise<CopiedFile[]> {
  const [labels] = await labelFiles(from, folder);
  return [
    ...ownFilesOf(manifest, folder),
    ...(labels ? [{ name: `${folder}/${labels.name}`, storedSize: labels.size, sha256: null }] : []),
  ];
}

/** The packs that the target does not have as they were stored. What lies there in the place of one is removed: it is made anew. */
async function missingPacks(
  target: Storage,
  manifest: Manifest,
  folder: string,
  { isDoubtful, signal }: { isDoubtful(name: string): boolean; readonly signal: AbortSignal },
): Promise<CopiedFile[]> {
  const needed = packsOf(manifest);
  if (needed.length === 0) return [];
  const own = `${packsFolder(folder)}/`;
  if (!needed.every(({ name }) => name.startsWith(own)))
    throw new Failure(
      "ARTIFACT_UNSAFE",
      "Its manifest names packs that are not its source's.",
      "Nothing was copied. Find out who wrote it.",
    );
  const sizes = new Map<string, number>();
  for await (const { name, size } of target.list(own)) sizes.set(name, size);
  const missing: CopiedFile[] = [];
  for (const pack of needed) {
    const { name, storedSize } = pack;
    const size = sizes.get(name);
    if (size === storedSize && !(isDoubtful(name) && (await isDamaged(target, pack, signal)))) continue;
    if (size !== undefined) await target.remove(name);
    missing.push({ ...pack, shared: true });
  }
  return missing;
}

async function isDamaged(target: Storage, pack: StoredFile, signal: AbortSignal): Promise<boolean> {
  try {
    await proveFile(target, pack, signal, () => {});
    return false;
  } catch (error) {
    if (error instanceof Failure && error.code === "ARTIFACT_CORRUPT") return true;
    throw error;
  }
}

/** Whether it is still this worker's to finish, and whether the packs that lay there still do. */
async function confirm(target: Storage, manifest: Manifest, work: Pick<Work, "confirm">): Promise<void> {
  const gone = await missingPack(target, manifest);
  if (gone !== null)
    throw new Failure("INTERRUPTED", `The pack ${gone} was removed from there meanwhile.`, "The copy is made again by itself.");
  await work.confirm();
}
