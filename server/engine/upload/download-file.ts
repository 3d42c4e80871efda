import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { Failure } from "../../domain/errors.ts";
import { manifestName } from "../../domain/naming.ts";
import type { Storage } from "../storage/storage.ts";

/** A backup that was downloaded as one tar: its files, each by its place in there. */
export interface DownloadFile {
  readonly folder: string;
  readonly files: ReadonlyMap<string, PlaceInTar>;
}

/** Where a file's bytes lie. */
export interface PlaceInTar {
  readonly at: number;
  readonly size: number;
}

const block = 512;
const mostFiles = 16;
/** The names that a download gives to the parts of an incremental backup. */
export const mediaTarName = "media.tar";
/** How the dump is packed, by that name. */
export const packedAs = (name: string) => (name.endsWith(".zst") ? "ZSTD" : name.endsWith(".gz") ? "GZIP" : "NONE");
const dumpNames = /^database\.sql(\.gz|\.zst)?$/;

/** Reads the headers of a tar as Holdfast makes it: a folder with its manifest first. Null for any other tar. */
export async function readDownload(path: string): Promise<DownloadFile | null> {
  const found = await readFolder(path);
  return found && [...found.files.keys()][0] === manifestName ? found : null;
}

/**
 * The same of an incremental backup, which comes without its manifest, since its media come as a plain tar: a folder with that
 * and, it may be, a dump.
 */
export async function readParts(path: string): Promise<DownloadFile | null> {
  const found = await readFolder(path);
  const others = [...(found?.files.keys() ?? [])].filter((name) => name !== mediaTarName);
  if (!found?.files.has(mediaTarName) || others.length > 1 || !others.every((name) => dumpNames.test(name))) return null;
  return found;
}

/** What stands at the head of a tar: its name, and its bytes up to 64 MB; null where that is no file. */
export async function readFirst(path: string): Promise<{ readonly name: string; readonly bytes: Buffer } | null> {
  await using file = await open(path, "r");
  const header = Buffer.alloc(block);
  const { bytesRead } = await file.read(header, 0, block, 0);
  const size = bytesRead < block ? null : sizeOf(header);
  if (size === null || size > 64 * 1024 * 1024 || header[156] !== 0x30) return null;
  const { buffer } = await file.read(Buffer.alloc(size), 0, size, block);
  return { name: textOf(header, 0, 100), bytes: buffer };
}

/** The files of a tar that has all of them in one folder, and few; null of any other. */
async function readFolder(path: string): Promise<DownloadFile | null> {
  await using file = await open(path, "r");
  const { size: whole } = await file.stat();
  const header = Buffer.alloc(block);
  const files = new Map<string, PlaceInTar>();
  let folder: string | null = null;
  for (let at = 0; files.size <= mostFiles; ) {
    const { bytesRead } = await file.read(header, 0, block, at);
    if (bytesRead < block) return null;
    if (header.every((byte) => byte === 0)) return folder !== null && at + 2 * block <= whole ? { folder, files } : null;
    const found = /^(?<folder>[A-Za-z0-9._-]+)\/(?<name>[a-z0-9][a-z0-9._-]*)$/.exec(textOf(header, 0, 100))?.groups;
    const size = sizeOf(header);
    if (!found?.folder || !found.name || size === null || header[156] !== 0x30) return null;
    folder ??= found.folder;
    if (found.folder !== folder || files.has(found.name) || at + block + size > whole) return null;
    files.set(found.name, { at: at + block, size });
    at += block + Math.ceil(size / block) * block;
  }
  return null;
}

const textOf = (header: Buffer, from: number, length: number) => {
  const end = header.indexOf(0, from);
  return header.toString("latin1", from, end < 0 ? from + length : Math.min(end, from + length));
};

function sizeOf(header: Buffer): number | null {
  if (header[124] === 0x80) {
    const size = header.readBigUInt64BE(128);
    return size < BigInt(Number.MAX_SAFE_INTEGER) ? Number(size) : null;
  }
  const text = textOf(header, 124, 12).trim();
  return /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : null;
}

/** The download as a storage that can only be read from: its files lie in the folder that the tar names. */
export function downloadStorage(path: string, { folder, files }: DownloadFile): Storage {
  const placeOf = (name: string) => (name.startsWith(`${folder}/`) ? (files.get(name.slice(folder.length + 1)) ?? null) : null);
  const readOnly = () => Promise.reject(new Error("An upload is only read from"));
  return {
    async get(name, range) {
      const place = placeOf(name);
      if (!place) throw new Failure("NOT_FOUND", `${name} is not in the uploaded backup.`, "Send the whole download again.");
      const start = place.at + (range?.start ?? 0);
      const end = place.at + Math.min(range?.end ?? place.size - 1, place.size - 1);
      return createReadStream(path, { start, end });
    },
    size: async (name) => placeOf(name)?.size ?? null,
    async *list(prefix) {
      for (const [name, { size }] of files) if (`${folder}/${name}`.startsWith(prefix)) yield { name: `${folder}/${name}`, size };
    },
    put: readOnly,
    remove: readOnly,
    sweep: readOnly,
    free: async () => null,
    check: async () => {},
  };
}
