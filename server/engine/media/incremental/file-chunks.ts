import { createHash, hash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { formatBytes } from "../../../../shared/format.ts";
import { changed, isWhereItWas } from "../content.ts";
import type { Entry } from "../entry.ts";
import { factsOf, whyNot } from "../folder.ts";
import { firstChunk, largestChunk } from "./gear.ts";
import { emptySum } from "./list-entry.ts";

/** A file as it was read. */
export interface ReadFile {
  /** With the facts of when it was read, and the size of what was. */
  readonly entry: Entry;
  readonly pieces: readonly number[];
  readonly sum: Buffer;
  readonly problem: string | null;
}

/** A file that could not be read at all. */
interface Unread {
  readonly problem: string;
}

/** What takes the chunks of files. */
interface Into {
  /** The number that a chunk gets; its bytes are overwritten afterwards. */
  add(bytes: Buffer, sum?: Buffer): number;
  /** Waits for memory, and for its turn to read so many further bytes. */
  ready(bytes: number): Promise<void>;
}

/** Files up to this are one chunk. */
const smallFile = 512 * 1024;
const bufferBytes = 4 * largestChunk;

/** Reads files in chunks, always into the same memory. */
export class FileChunks {
  static readonly smallFile = smallFile;
  readonly #into: Into;
  readonly #buffer = Buffer.allocUnsafeSlow(bufferBytes);

  constructor(into: Into) {
    this.#into = into;
  }

  /** Reads a file as of now. A large one takes turns with others; a small one is there at once. */
  read(entry: Entry): ReadFile | Unread | Promise<ReadFile | Unread> {
    let fd: number | undefined;
    try {
      fd = openSync(entry.at, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      const stats = fstatSync(fd, { bigint: true });
      if (!(stats.isFile() && isWhereItWas(fd, stats, entry))) throw new Error("it was replaced while it was read");
      const now = { ...entry, ...factsOf(stats) };
      if (now.size <= smallFile) return this.#readSmall(fd, now);
      const large = this.#readLarge(fd, now);
      fd = undefined;
      return large;
    } catch (error) {
      return { problem: whyNot(error, "it is not in the backup") };
    } finally {
      if (fd !== undefined) closeSync(fd);
    }
  }

  /** One that changes meanwhile is read once more. */
  #readSmall(fd: number, seen: Entry): ReadFile {
    for (let before = seen, tries = 1; ; tries += 1) {
      const length = this.#fill(fd, 0, 0, before.size);
      const now = { ...before, ...factsOf(fstatSync(fd, { bigint: true })) };
      const isSteady = length === before.size && now.size === before.size && now.mtime === before.mtime && now.ctime === before.ctime;
      if (!isSteady && tries === 1 && now.size <= smallFile) {
        before = now;
        continue;
      }
      const bytes = this.#buffer.subarray(0, length);
      const sum = length === 0 ? emptySum : hash("sha256", bytes, "buffer");
      const pieces = length === 0 ? [] : [this.#into.add(bytes, sum)];
      return { entry: { ...before, size: length }, pieces, sum, problem: isSteady ? null : changed };
    }
  }

  async #readLarge(fd: number, entry: Entry): Promise<ReadFile> {
    const [whole, pieces, buffer] = [createHash("sha256"), [] as number[], this.#buffer];
    let [sent, read, from, to] = [0, 0, 0, 0];
    let problem: string | null = null;
    try {
      for (let isEnd = false; !(isEnd && from === to); ) {
        if (!isEnd && to - from < largestChunk) {
          buffer.copyWithin(0, from, to);
          [from, to] = [0, to - from];
          const wanted = Math.min(bufferBytes - to, entry.size - read);
          await this.#into.ready(wanted);
          const got = this.#fillOrTell(fd, to, read, wanted);
          problem ??= got.problem;
          [to, read] = [to + got.bytes, read + got.bytes];
          isEnd = got.bytes < wanted || read === entry.size;
        }
        const length = firstChunk(buffer.subarray(from, to), isEnd) ?? 0;
        const chunk = buffer.subarray(from, from + length);
        whole.update(chunk);
        if (length > 0) pieces.push(this.#into.add(chunk));
        [from, sent] = [from + length, sent + length];
        await this.#into.ready(0);
      }
      problem = problem === null ? differenceOf(entry, factsOf(fstatSync(fd, { bigint: true })), sent) : `${problem}${formatBytes(sent)}`;
    } finally {
      closeSync(fd);
    }
    return { entry: { ...entry, size: sent }, pieces, sum: sent === 0 ? emptySum : whole.digest(), problem };
  }

  #fillOrTell(fd: number, at: number, position: number, length: number): { readonly bytes: number; readonly problem: string | null } {
    try {
      return { bytes: this.#fill(fd, at, position, length), problem: null };
    } catch (error) {
      return { bytes: 0, problem: whyNot(error, "the backup holds its first ") };
    }
  }

  /** Reads up to `length` bytes from `position` of the file to `at` in the memory; how many there were. */
  #fill(fd: number, at: number, position: number, length: number): number {
    let filled = 0;
    while (filled < length) {
      const read = readSync(fd, this.#buffer, at + filled, length - filled, position + filled);
      if (read === 0) break;
      filled += read;
    }
    return filled;
  }
}

function differenceOf(before: Entry, now: ReturnType<typeof factsOf>, sent: number): string | null {
  if (sent < before.size) return `shrank while it was read: the backup holds its first ${formatBytes(sent)}`;
  if (now.size > before.size) return `grew while it was read: the backup holds its first ${formatBytes(sent)}`;
  return now.size !== before.size || now.mtime !== before.mtime || now.ctime !== before.ctime ? changed : null;
}
