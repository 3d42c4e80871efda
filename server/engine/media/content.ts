import { type BigIntStats, closeSync, constants, fstatSync, openSync, readlinkSync, readSync, type Stats } from "node:fs";
import { formatBytes } from "../../../shared/format.ts";
import type { Entry } from "./entry.ts";
import { factsOf, whyNot } from "./folder.ts";
import { Slabs } from "./slabs.ts";

/** A file ready for the archive: its facts as of now, and its bytes at once, or in pieces. `entry.size` of them in any case. */
export type Content = Whole | Large;

interface Whole {
  readonly entry: Entry;
  readonly bytes: Buffer;
  readonly problem: string | null;
}

interface Large {
  readonly entry: Entry;
  readonly stats: Stats;
  /** Open; `readPieces` closes it. */
  readonly fd: number;
}

/** Files up to this are read whole. */
const smallFile = Slabs.size;

/** Reads a small file, or opens a large one. A file that cannot be read any more is told as the problem, and left out. */
export function openContent(entry: Entry, slabs = new Slabs()): Content | { readonly problem: string } {
  let fd: number | undefined;
  try {
    fd = openSync(entry.at, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stats = fstatSync(fd, { bigint: true });
    if (!(stats.isFile() && isWhereItWas(fd, stats, entry))) throw new Error("it was replaced while it was read");
    const now = { ...entry, ...factsOf(stats) };
    if (now.size > smallFile) {
      const plain = fstatSync(fd);
      const large = { entry: { ...now, size: plain.size }, stats: plain, fd };
      fd = undefined;
      return large;
    }
    return readSmall(fd, now, slabs);
  } catch (error) {
    return { problem: whyNot(error, "it is not in the backup") };
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/**
 * True for the very file that the walk saw, and for one that was saved in its place; false when a folder on the way has
 * become a link, which could lead anywhere.
 */
export function isWhereItWas(fd: number, stats: BigIntStats, entry: Entry): boolean {
  if (factsOf(stats).identity === entry.identity) return true;
  return process.platform === "linux" && readlinkSync(`/proc/self/fd/${fd}`) === entry.at;
}

/** Reads a file that fits in memory; one that changes meanwhile is read once more. */
function readSmall(fd: number, seen: Entry, slabs: Slabs): Content {
  for (let before = seen, tries = 1; ; tries += 1) {
    const bytes = slabs.take(before.size);
    const length = fill(fd, bytes);
    const now = { ...before, ...factsOf(fstatSync(fd, { bigint: true })) };
    const steady = length === before.size && now.size === before.size && now.mtime === before.mtime;
    if (steady) return { entry: before, bytes: slabs.send(bytes), problem: null };
    if (tries === 2 || now.size > smallFile)
      return { entry: { ...before, size: length }, bytes: slabs.send(bytes.subarray(0, length)), problem: changed };
    before = now;
  }
}

export const changed = "changed while it was read: the backup may hold a mix of old and new";

function fill(fd: number, bytes: Buffer): number {
  let length = 0;
  while (length < bytes.length) {
    const read = readSync(fd, bytes, length, bytes.length - length, length);
    if (read === 0) break;
    length += read;
  }
  return length;
}

/** The bytes of a large file, whose size already stands in its header: cut, or filled up with zeros, to that size. */
export function* readPieces({ fd, entry }: Large, slabs: Slabs, told: (problem: string) => void): Generator<Buffer, void> {
  let sent = 0;
  try {
    while (sent < entry.size) {
      const bytes = slabs.take(Math.min(Slabs.size, entry.size - sent));
      const read = readSync(fd, bytes, 0, bytes.length, sent);
      if (read === 0) break;
      sent += read;
      yield slabs.send(bytes.subarray(0, read));
    }
    const { size, mtime } = factsOf(fstatSync(fd, { bigint: true }));
    if (sent < entry.size) told(`shrank while it was read: after ${formatBytes(sent)} the backup holds zeros`);
    else if (size !== entry.size) told(`grew while it was read: the backup holds its first ${formatBytes(entry.size)}`);
    else if (mtime !== entry.mtime) told(changed);
  } catch (error) {
    told(whyNot(error, `after ${formatBytes(sent)} the backup holds zeros`));
  } finally {
    closeSync(fd);
  }
  for (; sent < entry.size; sent += Math.min(Slabs.size, entry.size - sent)) yield Buffer.alloc(Math.min(Slabs.size, entry.size - sent));
}
