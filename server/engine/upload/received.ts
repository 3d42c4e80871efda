import { createWriteStream } from "node:fs";
import { constants, copyFile, mkdir, open, readdir, rm, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { badInput } from "../../domain/errors.ts";
import { onDisk } from "../storage/disk.ts";

/** The folder that keeps what was sent in, each file named by its id only. */
export interface Received {
  readonly folder: string;
  pathOf(id: string): string;
  /** Makes the empty file, for its owner's eyes only. */
  make(id: string): Promise<void>;
  /** Bytes that are there; 0 where there is no file. */
  size(id: string): Promise<number>;
  /** Brings the file to the disk. */
  sync(id: string): Promise<void>;
  /** Puts a file of this machine in the place of `id`: the same bytes where the file system can share them, else a copy. */
  adopt(path: string, id: string, signal: AbortSignal): Promise<void>;
  /** Writes what comes into the file of `id`; at most `limit` bytes. */
  write(id: string, bytes: Readable, limit: number, signal: AbortSignal): Promise<void>;
  /** Size of a file of this machine; BAD_USER_INPUT when it is none. */
  sizeOf(path: string): Promise<number>;
  remove(id: string): Promise<void>;
  /** Removes files that nobody knows of. */
  sweep(known: ReadonlySet<string>): Promise<void>;
  free(): Promise<number>;
}

const isId = (name: string) => /^[0-9a-f-]{36}$/.test(name);

/** Opens the folder, which is made when missing and is its owner's only. */
export async function openReceived(folder: string): Promise<Received> {
  await onDisk(folder, () => mkdir(folder, { recursive: true, mode: 0o700 }));
  const pathOf = (id: string) => {
    if (!isId(id)) throw new Error("Not an upload's id");
    return join(folder, id);
  };
  return {
    folder,
    pathOf,
    async make(id) {
      await using _file = await onDisk(folder, () => open(pathOf(id), "wx", 0o600));
    },
    async size(id) {
      return stat(pathOf(id)).then(
        ({ size }) => size,
        () => 0,
      );
    },
    async sync(id) {
      await using file = await onDisk(folder, () => open(pathOf(id), "r+"));
      await onDisk(folder, () => file.sync());
    },
    async adopt(path, id, signal) {
      signal.throwIfAborted();
      // A clone costs no space and, unlike a second name, does not change when somebody writes to the file.
      await onDisk(folder, () => copyFile(path, pathOf(id), constants.COPYFILE_FICLONE));
      signal.throwIfAborted();
    },
    async write(id, bytes, limit, signal) {
      let left = limit;
      const counted = async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          left -= chunk.length;
          if (left < 0) throw badInput("The file is longer than was announced.");
          yield chunk;
        }
      };
      await onDisk(folder, () => pipeline(bytes, counted, createWriteStream(pathOf(id), { flags: "r+" }), { signal }));
    },
    async sizeOf(path) {
      const found = await stat(path).catch(() => null);
      if (!found?.isFile()) throw badInput(`${path} is not a file that can be read.`, "Give the path of a dump or an archive.");
      return found.size;
    },
    remove: (id) => onDisk(folder, () => rm(pathOf(id), { force: true })),
    async sweep(known) {
      for (const name of await onDisk(folder, () => readdir(folder)))
        if (isId(name) && !known.has(name) && (await isOld(join(folder, name)))) await rm(join(folder, name), { force: true });
    },
    async free() {
      const { bavail, bsize } = await onDisk(folder, () => statfs(folder));
      return bavail * bsize;
    },
  };
}

/** A file is made a moment before its row. */
const isOld = async (path: string) =>
  stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs > 60 * 60 * 1000,
    () => false,
  );
