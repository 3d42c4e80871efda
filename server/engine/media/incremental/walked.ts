import type { Entry } from "../entry.ts";
import type { ReadFile } from "./file-chunks.ts";
import type { ListEntry, Stamp } from "./list-entry.ts";

const settledMilliseconds = 2000;
const kinds = { file: "FILE", directory: "DIRECTORY", link: "LINK" } as const;

/** The path of something that the walk found, below the prefix of its root. */
export const pathOf = ({ root, path }: Entry, prefixes: readonly string[]): string =>
  path ? `${prefixes[root]}/${path}` : (prefixes[root] ?? "");

/** What a list tells of it, without its content. */
export function entryOf(found: Entry, path: string): ListEntry {
  const { kind, mode, uid, gid, mtime, size, target } = found;
  const facts = { path, kind: kinds[kind], mode, uid, gid, mtime, target };
  return { ...facts, size: kind === "file" ? size : 0, stamp: null, pieces: [], sum: null };
}

/** Whether a file is the one that the list tells of, and unchanged. */
export const isUnchanged = (found: Entry, { kind, size, mtime, stamp }: ListEntry): boolean =>
  kind === "FILE" && size === found.size && mtime === found.mtime && stamp?.ctime === found.ctime && stamp.inode === inodeOf(found);

/**
 * By what a file is known the next time. One that was changed right before it was read, which `began`, may be changed again
 * without its time telling, since file systems count in steps: it is read again then, as one that changed meanwhile.
 */
export function stampOf({ entry, problem }: ReadFile, began: number): Stamp | null {
  const isSettled = Math.max(entry.mtime, entry.ctime) < (began - settledMilliseconds) * 1000;
  return problem === null && isSettled && inodeOf(entry) > 0 ? { inode: inodeOf(entry), ctime: entry.ctime } : null;
}

/** Of the longest ones the last fifteen digits, which a number holds exactly. */
const inodeOf = ({ identity }: Entry): number => Number(identity.slice(identity.indexOf(":") + 1).slice(-15));
