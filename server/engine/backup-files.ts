import type { Manifest, Packed } from "../domain/manifest.ts";

/** A stored file that a backup needs, as its manifest tells of it. */
export interface BackupFile {
  /** From the storage's root: packs lie beside the backups' folders. */
  readonly name: string;
  readonly storedSize: number;
  /** Lower-case hex SHA-256 of the stored bytes. */
  readonly sha256: string;
  readonly packed: Packed | null;
}

/**
 * Every file that the backup in `folder` needs besides its manifest: the packs that it shares with other backups of its
 * source first, then what lies in its own folder.
 */
export const filesOfBackup = (manifest: Manifest, folder: string): readonly BackupFile[] => [
  ...packsOf(manifest),
  ...ownFilesOf(manifest, folder),
];

/** The files in the backup's own folder, which go with it: its artifacts and the list of its media. */
export const ownFilesOf = ({ artifacts, media }: Manifest, folder: string): readonly BackupFile[] =>
  [...artifacts, ...(media?.index ? [media.index] : [])].map((file) => fileIn(folder, file));

/** The packs that hold the content of an incremental backup's media; none where it has a tar. */
export const packsOf = ({ media }: Manifest): readonly BackupFile[] => {
  const packs = media?.packs;
  return packs ? packs.files.map((file) => fileIn(packs.folder, file)) : [];
};

const fileIn = (folder: string, { name, storedSize, sha256, packed }: BackupFile): BackupFile => ({
  name: `${folder}/${name}`,
  storedSize,
  sha256,
  packed,
});
