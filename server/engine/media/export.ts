import { once } from "node:events";
import { constants, Stats } from "node:fs";
import { addAbortSignal, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { TarArchive, ZipArchive } from "archiver";
import type { ExportFormat } from "../../../shared/enums.ts";
import { looksPacked } from "./incremental/trial.ts";
import { placeName } from "./names.ts";
import type { TarEntry } from "./untar.ts";
import { inLargePieces } from "./zip-pieces.ts";

/**
 * Entries of a backup's media as one archive that any desktop opens, made by archiver while it is read; its size is not
 * known beforehand. A failure of the entries destroys it before its end.
 */
export function exportMedia(entries: AsyncIterable<TarEntry>, format: ExportFormat, signal: AbortSignal): Readable {
  const archive = format === "ZIP" ? inLargePieces(new ZipArchive({ zlib: { level: 1 } })) : new TarArchive();
  append(archive, entries, format === "ZIP" ? inZip : inTar).catch((error: unknown) => {
    archive.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  return addAbortSignal(signal, archive);
}

type Described = (entry: TarEntry) => { readonly name: string; readonly date: Date; readonly pax?: Readonly<Record<string, string>> };

/** One at a time, since the next entry comes only when the body of this one was read. */
async function append(archive: TarArchive | ZipArchive, entries: AsyncIterable<TarEntry>, described: Described): Promise<void> {
  for await (const entry of entries) {
    placeName(entry.name, () => true);
    const { mode, uid, gid, size, kind } = entry;
    const facts = { ...described(entry), mode, uid, gid };
    const added = once(archive, "entry");
    // Whoever reads the archive meets its error.
    added.catch(() => {});
    if (kind === "link" || kind === "hardlink") archive.append(nothing, { ...facts, ...linkTo(entry.target) });
    else if (kind === "directory") archive.append(nothing, { ...facts, name: `${facts.name.replace(/\/$/, "")}/` });
    else if (size <= inMemory) {
      const bytes = await buffer(Readable.from(entry.body));
      archive.append(bytes, { ...facts, store: looksPacked(bytes) });
    } else {
      const { first, all } = await begun(entry.body);
      // archiver pipes it, and a pipe does not pass an error on.
      all.once("error", (error) => archive.destroy(error));
      archive.append(all, { ...facts, stats: statsOf(size, mode), store: looksPacked(first) });
    }
    await added;
  }
  await archive.finalize();
}

/** Not by archiver's own method, which would change the target. */
const linkTo = (target: string) => ({ type: "symlink" as const, linkname: target });

/** A body with its first piece, which tells what it is like. */
async function begun(body: AsyncIterable<Uint8Array>): Promise<{ readonly first: Uint8Array; readonly all: Readable }> {
  const pieces = body[Symbol.asyncIterator]();
  const { value: first = nothing } = await pieces.next();
  async function* all() {
    try {
      yield first;
      for (let next = await pieces.next(); !next.done; next = await pieces.next()) yield next.value;
    } finally {
      await pieces.return?.();
    }
  }
  return { first, all: Readable.from(all(), { objectMode: false }) };
}

/** archiver takes each backslash for a slash, which would put a file into another folder, or out of all of them. A zip can hold none. */
const inZip: Described = ({ name, mtime }) => ({ name: name.replaceAll("\\", fullWidth), date: new Date(mtime * 1000) });

/** A tar can, and times before 1970 as well: they stand in its extended header. */
function inTar(entry: TarEntry): ReturnType<Described> {
  const { name, mtime } = entry;
  const pax = { ...(name.includes("\\") && { path: name }), ...(mtime < 0 && { mtime: String(mtime) }) };
  return { ...inZip({ ...entry, mtime: Math.max(0, mtime) }), ...(Object.keys(pax).length > 0 && { pax }) };
}

/** What looks like a backslash and is none. */
const fullWidth = "\uff3c";

/** What archiver takes a stream's size from. */
function statsOf(size: number, mode: number): Stats {
  return Object.assign(Object.create(Stats.prototype), { size, mode: constants.S_IFREG | mode });
}

const nothing = Buffer.alloc(0);
const inMemory = 1024 * 1024;
