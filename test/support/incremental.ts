import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Manifest } from "../../server/domain/manifest.ts";
import { type BackupWork, runBackup, type Seal } from "../../server/engine/backup.ts";
import { decrypted } from "../../server/engine/encryption.ts";
import { unpack } from "../../server/engine/media/unpack.ts";
import type { Storage } from "../../server/engine/storage/storage.ts";
import { contentOf, type StoredBackup } from "../../server/engine/stored-content.ts";
import type { Compression } from "../../shared/enums.ts";
import { aboutBackup } from "./about.ts";
import { still } from "./media.ts";
import { readTree, type Seen, scratchFolder } from "./trees.ts";

interface Taken {
  readonly storage: Storage;
  readonly roots: readonly string[];
  readonly previous?: StoredBackup | null;
  readonly compression?: Compression;
  readonly seal?: Seal;
  /** The key that opens what the seal encrypts. */
  readonly identity?: string;
  readonly work?: Partial<BackupWork>;
  readonly exclude?: readonly string[];
}

export const packsFolder = "shop/packs";
let taken = 0;

/** Takes an incremental backup of media, on top of an earlier one where that is given; the backup as its readers want it. */
export async function takeIncremental(request: Taken): Promise<StoredBackup> {
  const { storage, roots, exclude = [], previous = null, compression = "ZSTD", seal, identity, work } = request;
  taken += 1;
  const folder = `shop/backup-${taken}`;
  const level = { NONE: 0, GZIP: 6, ZSTD: 3 }[compression];
  const manifest: Manifest = await runBackup(
    {
      ...{ storage, folder, packing: { compression, level }, database: null },
      media: { roots, exclude, packs: { folder: packsFolder, previous } },
      about: aboutBackup({ id: randomUUID(), type: "MEDIA", compression }),
      now: () => new Date(),
      ...(seal ? { seal } : {}),
    },
    { ...still(), report: () => {}, ...work },
  );
  const stored = { storage, folder, manifest };
  return identity ? decrypted(stored, [identity]) : stored;
}

/** Restores the backup by itself, into a folder of its own; what is then there. */
export async function restored(backup: StoredBackup, paths: readonly string[] | null = null): Promise<Record<string, Seen>> {
  const { media } = contentOf(backup);
  if (!media) throw new Error("The backup holds no media");
  const top = await scratchFolder();
  const folders = new Map(media.summary.roots.map(({ prefix }) => [prefix, join(top, prefix)]));
  for (const folder of folders.values()) await mkdir(folder);
  await unpack(media.entries(paths, still().signal), folders);
  return readTree(top);
}

/** What is in these folders now, each below its name, as `restored` tells it. */
export async function asItIs(roots: Readonly<Record<string, string>>): Promise<Record<string, Seen>> {
  const seen: Record<string, Seen> = {};
  for (const [prefix, root] of Object.entries(roots))
    for (const [path, entry] of Object.entries(await readTree(root))) seen[path === "." ? prefix : `${prefix}/${path}`] = entry;
  return seen;
}

/** Without the folder that holds the restored ones, which is the test's own. */
export const withoutTop = ({ ".": _, ...rest }: Record<string, Seen>) => rest;

/** Puts what a storage in memory holds into a folder, as it lies on a disk. */
export async function onDisk(files: ReadonlyMap<string, Buffer>): Promise<string> {
  const top = await scratchFolder();
  for (const [name, bytes] of files) {
    await mkdir(dirname(join(top, name)), { recursive: true });
    await writeFile(join(top, name), bytes);
  }
  return top;
}

const reader = fileURLToPath(new URL("../../docs/read-incremental.mjs", import.meta.url));

/** Runs the stand-alone reader of the documentation. */
export const readByItself = async (...args: readonly string[]) =>
  promisify(execFile)(process.execPath, [reader, ...args], { encoding: "buffer", maxBuffer: 1e9 });
