import { isDeepStrictEqual } from "node:util";
import { formatCount } from "../../shared/format.ts";
import { Failure } from "../domain/errors.ts";
import type { Labels } from "../domain/labels.ts";
import type { Manifest } from "../domain/manifest.ts";
import { manifestName, packsFolder } from "../domain/naming.ts";
import { ownFilesOf } from "./backup-files.ts";
import { labelsName, labelsVersionOf, readLabels } from "./labels.ts";
import { parseManifest, readManifestText } from "./manifest.ts";
import type { Storage } from "./storage/storage.ts";

/** A folder of a storage with the sizes of the files that lie in it. */
export interface StoredFolder {
  readonly folder: string;
  readonly files: ReadonlyMap<string, number>;
}

/** What lies in a folder. */
export type FoundFolder =
  | FoundBackup
  /** It has the name of a backup's folder, and no manifest. */
  | { readonly kind: "unfinished"; readonly folder: string }
  | { readonly kind: "problem"; readonly folder: string; readonly message: string };

export interface FoundBackup {
  readonly kind: "backup";
  readonly folder: string;
  readonly manifest: Manifest;
  /** The manifest as it is stored. */
  readonly text: string;
  readonly labels: FoundLabels;
}

/** The newest labels that lie beside a manifest: none, or some, or some that are none. */
export interface FoundLabels {
  readonly labels: Labels | null;
  readonly problem: string | null;
}

/** Holdfast's own folder at the root of a storage. */
const own = ".holdfast/";
const backupFolderName = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ-(full|database|media)-[0-9a-f]{8}$/;

/** Every folder of a storage that may be a backup's, as its list comes: none is kept. */
export async function* storedFolders(storage: Storage): AsyncGenerator<StoredFolder> {
  let [folder, files]: [string, Map<string, number>] = ["", new Map()];
  for await (const { name, size } of storage.list("")) {
    const slash = name.lastIndexOf("/");
    if (slash < 0 || name.startsWith(own)) continue;
    if (folder !== name.slice(0, slash)) {
      if (mayBeBackup({ folder, files })) yield { folder, files };
      [folder, files] = [name.slice(0, slash), new Map()];
    }
    files.set(name.slice(slash + 1), size);
  }
  if (mayBeBackup({ folder, files })) yield { folder, files };
}

const mayBeBackup = ({ folder, files }: StoredFolder) =>
  files.has(manifestName) || backupFolderName.test(folder.slice(folder.lastIndexOf("/") + 1));

/** The sizes of the packs in a folder, by their names there. */
export type PackSizes = (folder: string) => Promise<ReadonlyMap<string, number>>;

/** Lists each folder of packs once, when it is asked for; of several sources' the last alone is kept. */
export function packSizesOn(storage: Storage): PackSizes {
  let last: { readonly folder: string; readonly sizes: ReturnType<PackSizes> } | null = null;
  const listed = async (folder: string) => {
    const sizes = new Map<string, number>();
    for await (const { name, size } of storage.list(`${folder}/`)) sizes.set(name.slice(folder.length + 1), size);
    return sizes;
  };
  return (folder) => {
    if (last?.folder !== folder) last = { folder, sizes: listed(folder) };
    return last.sizes;
  };
}

/**
 * Reads what a folder holds, and compares it with the list and with the packs that it needs. A storage that fails rejects; what
 * is wrong with the folder is the answer.
 */
export async function examineFolder(storage: Storage, { folder, files }: StoredFolder, packSizes: PackSizes): Promise<FoundFolder> {
  const size = files.get(manifestName);
  if (size === undefined) return { kind: "unfinished", folder };
  try {
    const text = await readManifestText(storage, folder, size);
    const manifest = parseManifest(text, folder);
    const problem = problemOf(manifest, folder, files) ?? (await packProblemOf(manifest, packSizes));
    if (problem !== null) return { kind: "problem", folder, message: problem };
    return { kind: "backup", folder, manifest, text, labels: await labelsIn(storage, folder, files, manifest) };
  } catch (error) {
    if (error instanceof Failure && error.code === "ARTIFACT_CORRUPT") return { kind: "problem", folder, message: error.message };
    // Removed since it was listed.
    if (error instanceof Failure && error.code === "NOT_FOUND") return { kind: "unfinished", folder };
    throw error;
  }
}

function problemOf(manifest: Manifest, folder: string, files: ReadonlyMap<string, number>): string | null {
  if (manifest.folder !== null && manifest.folder !== folder)
    return `Its manifest belongs to ${manifest.folder}: it was moved or copied here.`;
  for (const { name: full, storedSize } of ownFilesOf(manifest, folder)) {
    const name = full.slice(folder.length + 1);
    const size = files.get(name);
    if (size === undefined) return `${name} is missing.`;
    if (size !== storedSize) return `${name} has ${size} bytes; its manifest says ${storedSize}.`;
  }
  return null;
}

async function packProblemOf({ media, folder }: Manifest, packSizes: PackSizes): Promise<string | null> {
  if (!media?.packs) return null;
  if (folder === null || media.packs.folder !== packsFolder(folder)) return "Its manifest names packs that are not its source's.";
  const sizes = await packSizes(media.packs.folder);
  const lacking = media.packs.files.filter(({ name, storedSize }) => sizes.get(name) !== storedSize);
  const [first] = lacking;
  return first
    ? `${lacking.length} of its ${formatCount(media.packs.files.length, "pack")} are missing or cut short: ${first.name}.`
    : null;
}

async function labelsIn(storage: Storage, folder: string, files: ReadonlyMap<string, number>, { id }: Manifest): Promise<FoundLabels> {
  const version = Math.max(0, ...[...files.keys()].map((name) => labelsVersionOf(name) ?? 0));
  if (version === 0) return { labels: null, problem: null };
  const name = labelsName(version);
  try {
    const labels = await readLabels(storage, folder, { name, version, size: files.get(name) ?? 0 });
    const its = { backupId: labels.backupId, folder: labels.folder, version: labels.version };
    if (isDeepStrictEqual(its, { backupId: id, folder, version })) return { labels, problem: null };
    return { labels: null, problem: `${name} belongs to another backup; it was passed over.` };
  } catch (error) {
    // A newer version came, and took this one away.
    if (error instanceof Failure && error.code === "NOT_FOUND") return { labels: null, problem: null };
    if (error instanceof Failure && error.code === "ARTIFACT_CORRUPT")
      return { labels: null, problem: `${error.message} It was passed over.` };
    throw error;
  }
}
