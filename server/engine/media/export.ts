import { once } from "node:events";
import { constants, Stats } from "node:fs";
import { addAbortSignal, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { TarArchive, ZipArchive } from "archiver";
import type { TarEntry } from "./untar.ts";

/** An archive that people open by themselves. */
export type ExportFormat = "TAR" | "ZIP";

/**
 * Entries of a backup's media as one archive that any desktop opens, made by archiver while it is read; its size is not
 * known beforehand. A failure of the entries destroys it before its end.
 */
export function exportMedia(entries: AsyncIterable<TarEntry>, format: ExportFormat, signal: AbortSignal): Readable {
  const archive = format === "ZIP" ? new ZipArchive({ zlib: { level: 1 } }) : new TarArchive();
  append(archive, entries).catch((error: unknown) => {
    archive.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  return addAbortSignal(signal, archive);
}

/** One at a time, since the next entry comes only when the body of this one was read. */
async function append(archive: TarArchive | ZipArchive, entries: AsyncIterable<TarEntry>): Promise<void> {
  for await (const entry of entries) {
    const { name, mode, mtime, size, kind } = entry;
    const facts = { name, mode, date: new Date(mtime * 1000) };
    const added = once(archive, "entry");
    // Whoever reads the archive meets its error.
    added.catch(() => {});
    if (kind === "link" || kind === "hardlink") archive.symlink(name, entry.target, mode);
    else if (kind === "directory") archive.append(Buffer.alloc(0), { ...facts, name: `${name.replace(/\/$/, "")}/` });
    else if (size <= inMemory) archive.append(await buffer(Readable.from(entry.body)), facts);
    else archive.append(Readable.from(entry.body), { ...facts, stats: statsOf(size, mode) });
    await added;
  }
  await archive.finalize();
}

/** What archiver takes a stream's size from. */
function statsOf(size: number, mode: number): Stats {
  return Object.assign(Object.create(Stats.prototype), { size, mode: constants.S_IFREG | mode });
}

const inMemory = 1024 * 1024;
