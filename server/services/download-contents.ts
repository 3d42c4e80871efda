import { Readable } from "node:stream";
import type { BackupRow } from "../db/backups.ts";
import { Failure } from "../domain/errors.ts";
import type { Manifest } from "../domain/manifest.ts";
import { manifestName } from "../domain/naming.ts";
import { ownFilesOf, packsOf } from "../engine/backup-files.ts";
import type { BundleEntry } from "../engine/bundle.ts";
import { openMediaTar } from "../engine/media/incremental/tar.ts";
import type { Storage } from "../engine/storage/storage.ts";
import type { StoredBackup } from "../engine/stored-content.ts";

/** What a download holds of a backup: the names are those in the tar, or of the file where it is one alone. */
export type DownloadEntry = Omit<BundleEntry, "mtime">;

interface Wished {
  readonly backup: BackupRow;
  readonly manifest: Manifest | null;
  /** Where its files are read as they are stored. */
  readonly storage: Storage;
  /** The backup with its content in the clear. */
  readonly open: (manifest: Manifest) => Promise<StoredBackup>;
}

/** The manifest of a backup whose media are kept as chunks that nobody can use by themselves; null of another one. */
export const incrementalOf = (manifest: Manifest | null): Manifest | null => (manifest?.media?.packs ? manifest : null);

/**
 * What somebody gets who downloads all of a backup: its files as they are stored. Of an incremental one, the media as a plain
 * tar instead of the list of its chunks, without the manifest, which would name other files. Where it is encrypted nothing leaves
 * in the clear: then it is all files as they are stored, packs too, in the folders of the storage.
 */
export async function wholeBackup({ backup, manifest, storage, open }: Wished): Promise<DownloadEntry[]> {
  const folder = backup.folder.split("/").at(-1) ?? backup.id;
  const incremental = incrementalOf(manifest);
  if (!incremental) {
    const index = manifest?.media?.index;
    const names = [manifestName, ...backup.artifacts.map(({ name }) => name), ...(index ? [index.name] : [])];
    return Promise.all(names.map((name) => entryOf(storage, `${backup.folder}/${name}`, `${folder}/${name}`)));
  }
  if (incremental.encryption) return asStored(storage, backup, incremental);
  const others = incremental.artifacts.filter(({ part }) => part !== "media");
  return [
    ...(await Promise.all(others.map(({ name }) => entryOf(storage, `${backup.folder}/${name}`, `${folder}/${name}`)))),
    await mediaTar(await open(incremental), `${folder}/media.tar`),
  ];
}

/** The manifest, the list and the packs: what the stand-alone reader of the format takes. */
export const asStored = (storage: Storage, { folder }: Pick<BackupRow, "folder">, manifest: Manifest): Promise<DownloadEntry[]> =>
  Promise.all(
    [`${folder}/${manifestName}`, ...[...ownFilesOf(manifest, folder), ...packsOf(manifest)].map(({ name }) => name)].map((name) =>
      entryOf(storage, name, name),
    ),
  );

/** The media of an incremental backup as one tar, of which any range can be read. */
export async function mediaTar(stored: StoredBackup, name: string): Promise<DownloadEntry> {
  const never = new AbortController().signal;
  const { size, read } = await openMediaTar(stored, never);
  return { name, size, open: async ({ start, end }) => Readable.from(read(start, end, never), { objectMode: false }) };
}

/** A stored file. */
export async function entryOf(storage: Storage, stored: string, name: string): Promise<DownloadEntry> {
  const size = await storage.size(stored);
  if (size === null)
    throw new Failure(
      "ARTIFACT_CORRUPT",
      `${stored.slice(stored.lastIndexOf("/") + 1)} is missing from the storage.`,
      "Restore another backup, and find out who removed it.",
    );
  return { name, size, open: (range) => storage.get(stored, range) };
}
