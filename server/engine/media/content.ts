import { type BigIntStats, closeSync, constants, fstatSync, openSync, readlinkSync, readSync } from "node:fs";
import { formatBytes } from "../../../shared/format.ts";
import type { Entry } from "./entry.ts";
import { factsOf, whyNot } from "./folder.ts";

/** A file that is open for the archive, with its facts as of now. Whoever opened it closes `fd`. */
export interface Content {
  readonly entry: Entry;
  readonly fd: number;
}

/** Opens a file; one that cannot be read any more is told as the problem, and left out. */
export function openContent(entry: Entry): Content | { readonly problem: string } {
  let fd: number | undefined;
  try {
    fd = openSync(entry.at, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stats = fstatSync(fd, { bigint: true });
    if (!(stats.isFile() && isWhereItWas(fd, stats, entry))) throw new Error("it was replaced while it was read");
    const content = { entry: { ...entry, ...factsOf(stats) }, fd };
    fd = undefined;
    return content;
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

/** A file that was read whole: its facts as of then, and its bytes. */
export interface Whole {
  readonly entry: Entry;
  readonly bytes: Buffer;
  readonly problem: string | null;
}

/**
 * Reads all of a file into what `take` gives for its facts; one that changes meanwhile is read once more, and told when it
 * goes on changing. Throws what the disk says.
 */
export function readWhole({ entry, fd }: Content, take: (entry: Entry) => Buffer): Whole {
  for (let [before, tries] = [entry, 1]; ; tries += 1) {
    const bytes = take(before);
    const length = fill(fd, bytes);
    const now = { ...before, ...factsOf(fstatSync(fd, { bigint: true })) };
    const steady = length === before.size && now.size === before.size && now.mtime === before.mtime;
    if (steady) return { entry: before, bytes, problem: null };
    if (tries === 2 || now.size > mostGrown(entry.size))
      return { entry: { ...before, size: length }, bytes: bytes.subarray(0, length), problem: changed };
    before = now;
  }
}

/** What a file may have grown to be read once more: `take` has room for that. */
export const mostGrown = (size: number) => size + 64 * 1024;

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

/**
 * Reads a large file, whose size already stands in its header, into one room after the other that `take` gives: cut, or
 * filled up with zeros, to that size. A room that it gives is used whole, as far as there is something to read.
 */
export function* readPieces({ fd, entry }: Content, take: () => Buffer, told: (problem: string) => void): Generator<Buffer, void> {
  let sent = 0;
  try {
    while (sent < entry.size) {
      const room = take();
      const bytes = room.subarray(0, Math.min(room.length, entry.size - sent));
      const read = readSync(fd, bytes, 0, bytes.length, sent);
      if (read === 0) break;
      sent += read;
      yield bytes.subarray(0, read);
    }
    const { size, mtime } = factsOf(fstatSync(fd, { bigint: true }));
    if (sent < entry.size) told(`shrank while it was read: after ${formatBytes(sent)} the backup holds zeros`);
    else if (size !== entry.size) told(`grew while it was read: the backup holds its first ${formatBytes(entry.size)}`);
    else if (mtime !== entry.mtime) told(changed);
  } catch (error) {
    told(whyNot(error, `after ${formatBytes(sent)} the backup holds zeros`));
  }
  while (sent < entry.size) {
    const room = take();
    const zeros = room.subarray(0, Math.min(room.length, entry.size - sent)).fill(0);
    sent += zeros.length;
    yield zeros;
  }
}
