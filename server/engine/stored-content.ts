import type { Manifest } from "../domain/manifest.ts";
import type { Content } from "./content.ts";
import { storedDump } from "./database/stored-dump.ts";
import { storedArchive } from "./media/stored-archive.ts";
import type { Storage } from "./storage/storage.ts";

/** What a backup on a storage holds. */
export const contentOf = (storage: Storage, folder: string, manifest: Manifest): Content => ({
  database: manifest.database && storedDump(storage, folder, manifest),
  media: manifest.media && storedArchive(storage, folder, manifest),
});
