import type { Manifest } from "../domain/manifest.ts";
import { manifestName } from "../domain/naming.ts";
import { filesOfBackup } from "./backup-files.ts";
import type { Storage } from "./storage/storage.ts";

/** What of a backup is not there as it should be, as sentences that begin with "it"; by names and sizes, from lists alone. */
export async function missingFiles(storage: Storage, manifest: Manifest, folder: string): Promise<string[]> {
  const sizes = new Map<string, number>();
  const folders = new Set([folder, ...filesOfBackup(manifest, folder).map(({ name }) => folderOf(name))]);
  for (const one of folders) for await (const { name, size } of storage.list(`${one}/`)) sizes.set(name, size);
  if (!sizes.has(`${folder}/${manifestName}`)) return ["it has no manifest of this backup."];
  return missingAmong(sizes, manifest, folder);
}

/** The first of its packs that does not lie there as it should; null when all do. */
export async function missingPack(storage: Storage, manifest: Manifest): Promise<string | null> {
  const packs = manifest.media?.packs;
  if (!packs) return null;
  const sizes = new Map<string, number>();
  for await (const { name, size } of storage.list(`${packs.folder}/`)) sizes.set(name, size);
  return packs.files.find(({ name, storedSize }) => sizes.get(`${packs.folder}/${name}`) !== storedSize)?.name ?? null;
}

/** What of its files but the manifest is not as it should be, by what a list told. */
const missingAmong = (sizes: ReadonlyMap<string, number>, manifest: Manifest, folder: string): string[] =>
  filesOfBackup(manifest, folder).flatMap(({ name, storedSize }) => {
    const [size, short] = [sizes.get(name), name.slice(name.lastIndexOf("/") + 1)];
    if (size === undefined) return [`it does not hold ${short}.`];
    return size === storedSize ? [] : [`its ${short} has ${size} bytes instead of ${storedSize}.`];
  });

const folderOf = (name: string): string => name.slice(0, name.lastIndexOf("/"));
