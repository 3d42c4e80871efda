import { chmod, lchown, link, lstat, lutimes, mkdir, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { noLimits, type SourceLimits } from "../../domain/source-load.ts";
import { errnoOf } from "../storage/disk.ts";
import type { FileFacts } from "./file-parts.ts";
import { FileWriters } from "./file-writers.ts";
import { type Placed, placeName, unsafe } from "./names.ts";
import { onTarget } from "./target.ts";
import { settable } from "./time.ts";
import type { TarEntry } from "./untar.ts";

/** What was unpacked. */
export interface Unpacked {
  readonly files: number;
  readonly directories: number;
  readonly links: number;
}

/**
 * Unpacks into fresh folders of our own, one for each prefix. Links are made last, so that nothing is ever written
 * through one; modes, owners (as root) and times are set, those of folders at the very end.
 */
export async function unpack(
  entries: AsyncIterable<TarEntry>,
  folders: ReadonlyMap<string, string>,
  limits: SourceLimits = noLimits,
): Promise<Unpacked> {
  const [directories, links]: [Map<string, TarEntry>, { path: string; entry: TarEntry }[]] = [new Map(), []];
  await using writing = new FileWriters(limits);
  let files = 0;
  const pathOf = ({ prefix, path }: Placed) => join(folders.get(prefix) ?? "", path);
  const known = (prefix: string) => folders.has(prefix);
  try {
    for await (const entry of entries) {
      const placed = placeName(entry.name, known);
      const path = pathOf(placed);
      if (entry.kind === "directory") {
        if (directories.has(path)) throw unsafe(entry.name, "is there twice");
        if (placed.path !== "") await named(entry, () => makeFolder(path));
        directories.set(path, entry);
        continue;
      }
      if (placed.path === "") throw unsafe(entry.name, "stands in the place of a media folder");
      if (entry.kind === "link") links.push({ path, entry });
      else if (entry.kind === "file") {
        files += 1;
        await writing.file(path, entry.body, factsOf(entry), (error) => refusal(entry, error));
      } else {
        files += 1;
        await writing.done();
        await named(entry, () => makeHardLink(pathOf(placeName(entry.target, known)), path, entry));
      }
    }
    await writing.done();
  } catch (error) {
    // A file that was refused is told of, rather than what the archive lacks at its end.
    throw (await writing.settled()) ?? error;
  }
  for (const { path, entry } of links) await named(entry, () => makeLink(path, entry));
  // The deepest first: what is done inside of a folder changes its time, and its mode may shut it.
  for (const [path, entry] of [...directories].sort(([a], [b]) => b.length - a.length)) await named(entry, () => settle(path, entry));
  // A root that the archive does not describe must not stay shut to all others.
  for (const folder of folders.values()) if (!directories.has(folder)) await chmod(folder, 0o755);
  return { files, directories: directories.size, links: links.length };
}

const factsOf = ({ mode, uid, gid, mtime }: TarEntry): FileFacts => ({
  mode,
  owner: asRoot ? { uid, gid } : null,
  mtime: settable(mtime),
});

/** Says which entry it was that the file system would not take. */
async function named<T>(entry: TarEntry, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw await refusal(entry, error);
  }
}

async function refusal(entry: TarEntry, error: unknown): Promise<unknown> {
  const code = errnoOf(error);
  if (code === "EEXIST" || code === "ENOTDIR") return unsafe(entry.name, "is there twice, or lies below a file");
  if (code === "ENAMETOOLONG" || code === "EINVAL" || code === "EILSEQ")
    return unsafe(entry.name, "has a name that this file system does not take");
  return onTarget(() => Promise.reject(error)).catch((explained: unknown) => explained);
}

/** Makes the folders above `path` when they are missing: not every archive names them, or names them first. */
async function inFolder<T>(path: string, make: () => Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
    await mkdir(dirname(path), { recursive: true, mode: 0o755 });
    return await make();
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await inFolder(path, () => mkdir(path, 0o700));
  } catch (error) {
    // Made on the way to something in it, which the archive named first.
    if (errnoOf(error) !== "EEXIST" || !(await lstat(path)).isDirectory()) throw error;
  }
}

async function makeHardLink(target: string, path: string, entry: TarEntry): Promise<void> {
  const isFile = await lstat(target).then(
    (stats) => stats.isFile(),
    () => false,
  );
  if (!isFile) throw unsafe(entry.name, "is a hard link to no file that came before it");
  await inFolder(path, () => link(target, path));
}

async function makeLink(path: string, entry: TarEntry): Promise<void> {
  await inFolder(path, () => symlink(entry.target, path));
  if (asRoot) await lchown(path, entry.uid, entry.gid);
  await lutimes(path, timeOf(entry), timeOf(entry));
}

async function settle(path: string, entry: TarEntry): Promise<void> {
  if (asRoot) await lchown(path, entry.uid, entry.gid);
  await chmod(path, entry.mode);
  await lutimes(path, timeOf(entry), timeOf(entry));
}

const timeOf = ({ mtime }: TarEntry) => settable(mtime);

const asRoot = process.getuid?.() === 0;
