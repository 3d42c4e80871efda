import { constants, type Stats } from "node:fs";
import { type FileHandle, link, lstat, mkdir, open, readdir, readFile, realpath, rename, rm, stat, statfs, unlink } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { Readable } from "node:stream";
import { Failure } from "../../domain/errors.ts";
import { abortable } from "../abortable.ts";
import { letGo } from "../handed-over.ts";
import { errnoOf, onDisk } from "./disk.ts";
import { FileOutput } from "./file-output.ts";
import { makeFolders, removeEmptyFolders, syncFolder } from "./local-folders.ts";
import { readStream } from "./local-read.ts";
import { checkName, checkPrefix, isPart, partName } from "./names.ts";
import type { Storage } from "./storage.ts";

/**
 * A storage in the folder `root`, which must be there: a missing one is taken for a disk that is not mounted. A symbolic link in
 * its path, or below it, is not followed: what lies behind one was not meant.
 */
export function localStorage(root: string): Storage {
  const base = resolve(root);
  const pathOf = (name: string) => join(base, checkName(name));
  return {
    put: (name, bytes, { signal }) => put(base, pathOf(name), bytes, signal),
    get: (name, range) => get(base, name, pathOf(name), range),
    async size(name) {
      const path = pathOf(name);
      await checkNoLinks(base, dirname(path));
      const found = await entryAt(base, path);
      return found?.isFile() ? found.size : null;
    },
    list: (prefix) => list(base, checkPrefix(prefix), (file) => !isPart(file)),
    async remove(name) {
      const path = pathOf(name);
      await checkNoLinks(base, dirname(path));
      await onDisk(base, () => rm(path, { force: true }));
      await removeEmptyFolders(base, dirname(path));
    },
    async sweep(prefix) {
      for await (const { name } of list(base, checkPrefix(prefix), isPart)) {
        await onDisk(base, () => rm(join(base, name), { force: true }));
        await removeEmptyFolders(base, dirname(join(base, name)));
      }
    },
    async free() {
      const { bavail, bsize } = await onDisk(base, () => statfs(base));
      return bavail * bsize;
    },
    async total() {
      const { blocks, bsize } = await onDisk(base, () => statfs(base));
      return blocks > 0 ? blocks * bsize : null;
    },
    check: () => check(base),
  };
}

/** Makes the folder of a new storage, for its owner's eyes only. From then on a missing one is an error. */
export async function makeLocalRoot(root: string): Promise<void> {
  await onDisk(root, () => mkdir(root, { recursive: true, mode: 0o700 }));
}

/** The path without symbolic links, as far as it is there: what is missing of it stands behind as it is. */
export async function withoutLinks(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    const missing = errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR";
    if (!missing || dirname(path) === path) return onDisk(path, () => Promise.reject(error));
    return join(await withoutLinks(dirname(path)), basename(path));
  }
}

/** Throws unless every step to `folder` is a folder itself. */
async function checkNoLinks(base: string, folder: string): Promise<void> {
  const real = await withoutLinks(folder);
  if (real === folder) return;
  throw new Failure(
    "STORAGE_UNAVAILABLE",
    `The storage ${base} is not where it was: a symbolic link leads from ${folder} to ${real}.`,
    "Nothing was touched. Take the link away, or enter the folder that it leads to as the storage's.",
    { reason: "STORAGE_NOT_MOUNTED" },
  );
}

async function put(base: string, path: string, bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await onDisk(base, () => stat(base));
  const folder = dirname(path);
  await checkNoLinks(base, folder);
  const part = join(folder, partName());
  let linked = false;
  try {
    if (await isThere(base, path)) throw conflict(path);
    await writeWhole(base, part, bytes, signal);
    await publish(base, part, path);
    linked = true;
    await onDisk(base, () => syncFolder(folder));
  } catch (error) {
    await rm(part, { force: true }).catch(() => {});
    if (linked) await rm(path, { force: true }).catch(() => {});
    await removeEmptyFolders(base, folder).catch(() => {});
    signal.throwIfAborted();
    throw error;
  }
}

async function writeWhole(base: string, part: string, bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
  await using file = await onDisk(base, () => create(base, part));
  await using output = new FileOutput(file, part);
  let written = 0;
  for await (const chunk of abortable(bytes, signal)) {
    await onDisk(base, () => output.write(chunk));
    written += chunk.length;
    letGo(chunk);
  }
  await onDisk(base, () => output.end());
  signal.throwIfAborted();
  const { size } = await onDisk(base, () => file.stat());
  if (size !== written)
    throw new Failure(
      "STORAGE_UNAVAILABLE",
      `The storage ${base} kept ${size} of ${written} bytes.`,
      "Check its disk and file system for errors.",
    );
  await onDisk(base, () => file.sync());
}

/** The open file, in folders that are made for it; another one's removal may take an empty folder away in between. */
async function create(base: string, part: string): Promise<FileHandle> {
  for (let tries = 3; ; tries -= 1) {
    await stat(base);
    try {
      await makeFolders(base, dirname(part));
      return await open(part, "wx", 0o600);
    } catch (error) {
      if (errnoOf(error) !== "ENOENT" || tries === 1) throw error;
    }
  }
}

/** Gives the finished file its name without ever taking one away: a hard link fails where a rename would overwrite. */
async function publish(base: string, part: string, path: string): Promise<void> {
  try {
    await link(part, path);
  } catch (error) {
    const code = errnoOf(error);
    if (code === "EEXIST") throw conflict(path);
    if (!code || !noHardLinks.includes(code)) return onDisk(base, () => Promise.reject(error));
    if (await isThere(base, path)) throw conflict(path);
    return onDisk(base, () => rename(part, path));
  }
  await onDisk(base, () => unlink(part));
}

/** What file systems without hard links answer: FAT, some network shares. */
const noHardLinks = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"];

const conflict = (path: string) =>
  new Failure("CONFLICT", `The storage already holds ${path}.`, "Nothing was overwritten. Remove that file first if it is not needed.");

const isThere = async (base: string, path: string) => (await entryAt(base, path)) !== null;

/** What is at a path, be it a file, a folder or a link; null when nothing is. */
async function entryAt(base: string, path: string): Promise<Stats | null> {
  try {
    return await lstat(path);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT" && errnoOf(error) !== "ENOTDIR") return onDisk(base, () => Promise.reject(error));
    await onDisk(base, () => stat(base));
    return null;
  }
}

async function get(base: string, name: string, path: string, range?: { start: number; end?: number }): Promise<Readable> {
  await checkNoLinks(base, dirname(path));
  const found = await entryAt(base, path);
  if (!found || found.isDirectory())
    throw new Failure(
      "NOT_FOUND",
      `The storage ${base} does not hold ${name}.`,
      "It was removed, or the backup belongs to another storage.",
    );
  const handle = await onDisk(base, () => open(path, constants.O_RDONLY | constants.O_NOFOLLOW));
  return readStream(base, handle, range);
}

async function* list(base: string, prefix: string, wanted: (file: string) => boolean): AsyncGenerator<{ name: string; size: number }> {
  await onDisk(base, () => stat(base));
  const folder = join(base, prefix);
  await checkNoLinks(base, resolve(folder));
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) =>
    errnoOf(error) === "ENOENT" ? [] : onDisk(base, () => Promise.reject(error)),
  );
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const name = prefix + entry.name;
    if (entry.isDirectory()) yield* list(base, `${name}/`, wanted);
    else if (entry.isFile() && wanted(entry.name)) {
      // Removed since the folder was read: then it is not listed.
      const found = await entryAt(base, join(base, name));
      if (found) yield { name, size: found.size };
    }
  }
}

async function check(base: string): Promise<void> {
  await onDisk(base, () => stat(base));
  await checkNoLinks(base, base);
  const probe = join(base, partName());
  const text = "Holdfast writes, reads and removes this file to try the storage.\n";
  try {
    await onDisk(base, async () => {
      await using file = await open(probe, "wx", 0o600);
      await file.writeFile(text);
      await file.sync();
    });
    const read = await onDisk(base, () => readFile(probe, "utf8"));
    if (read !== text)
      throw new Failure(
        "STORAGE_UNAVAILABLE",
        `The storage ${base} gave back other bytes than were written.`,
        "Check its disk for errors.",
      );
  } finally {
    await rm(probe, { force: true }).catch(() => {});
  }
}
