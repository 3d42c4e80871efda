import type { Manifest } from "../domain/manifest.ts";
import type { Content } from "./content.ts";
import { storedDump } from "./database/stored-dump.ts";
import { storedChunks } from "./media/incremental/content.ts";
import { storedArchive } from "./media/stored-archive.ts";
import type { Storage } from "./storage/storage.ts";

/** A backup as its readers want it: names, sizes and checksums of the manifest are those of the bytes that `storage` gives. */
export interface StoredBackup {
  readonly storage: Storage;
  readonly folder: string;
  readonly manifest: Manifest;
  /** The same as it lies there, where that is encrypted: then the names above are of what is inside. */
  readonly stored?: { readonly storage: Storage; readonly manifest: Manifest };
}

/** What a backup on a storage holds. */
export const contentOf = ({ storage, folder, manifest, stored }: StoredBackup): Content => ({
  database: manifest.database && storedDump(storage, folder, manifest),
  media:
    manifest.media &&
    (manifest.media.packs ? storedChunks({ storage, folder, manifest }) : storedArchive(storage, folder, manifest, stored)),
});
