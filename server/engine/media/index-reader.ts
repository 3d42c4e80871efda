import { setImmediate as turn } from "node:timers/promises";
import type { Manifest, MediaIndexFile } from "../../domain/manifest.ts";
import { decompressor } from "../codec/decompress.ts";
import type { Storage } from "../storage/storage.ts";
import { indexEntries, openPackedIndex } from "./incremental/packed-index.ts";
import { type FrameSizes, type IndexEntry, readIndexLine } from "./index-line.ts";
import { MediaIndex } from "./media-index.ts";
import { damaged } from "./names.ts";
import { readProved } from "./proved.ts";

/** Where an index is stored. */
export interface StoredIndex {
  readonly storage: Storage;
  readonly folder: string;
  readonly manifest: Manifest;
}

const longestLine = 1024 * 1024;
/** Milliseconds of work before others get their turn. */
const slice = 10;

/**
 * The entries of a stored index in the archive's order, some at a time, and its frames at the very end. An index that was
 * cut or altered throws ARTIFACT_CORRUPT before it ends; a backup without one gives null.
 */
export function readIndex({ storage, folder, manifest }: StoredIndex, signal: AbortSignal) {
  if (manifest.media?.packs) return packedLines({ storage, folder, manifest }, signal);
  const file = manifest.media?.index;
  return file ? lines(storage, folder, file, manifest, signal) : null;
}

/** What an incremental backup lists has no frames. */
async function* packedLines(stored: StoredIndex, signal: AbortSignal): ReturnType<typeof lines> {
  for await (const entries of indexEntries(stored, signal)) yield { entries, frames: null };
  yield { entries: [], frames: [] };
}

async function* lines(
  storage: Storage,
  folder: string,
  file: MediaIndexFile,
  { compression }: Manifest,
  signal: AbortSignal,
): AsyncGenerator<{ readonly entries: readonly IndexEntry[]; readonly frames: FrameSizes | null }, void> {
  let rest = Buffer.alloc(0);
  let frames: FrameSizes | null = null;
  for await (const piece of decompressor(compression, signal)(readProved(storage, folder, file, signal))) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, piece]) : Buffer.from(piece.buffer, piece.byteOffset, piece.length);
    const end = bytes.lastIndexOf(10);
    rest = Buffer.from(bytes.subarray(end + 1));
    // The frames of a large archive are one long line; nothing else is.
    if (rest.length > longestLine && !rest.subarray(0, 10).equals(framesBegin)) throw damaged("its index has a line without an end");
    if (end < 0) continue;
    const entries: IndexEntry[] = [];
    for (const text of bytes.toString("utf8", 0, end).split("\n")) {
      if (frames) throw damaged("its index goes on behind its end");
      const line = readIndexLine(text);
      if ("frames" in line) frames = line.frames;
      else entries.push(line);
    }
    yield { entries, frames };
  }
  if (rest.length > 0 || !frames) throw damaged("its index ends before its end");
}

/** The frames alone, which are its last line; null where the backup has no index. */
export async function readFrames({ storage, folder, manifest }: StoredIndex, signal: AbortSignal): Promise<FrameSizes | null> {
  const file = manifest.media?.index;
  if (!file) return null;
  let line = Buffer.alloc(0);
  for await (const piece of decompressor(manifest.compression, signal)(readProved(storage, folder, file, signal))) {
    // One at the very end ends the last line itself.
    const before = piece.lastIndexOf(10, -2);
    if (before >= 0 || line.at(-1) === 10) line = Buffer.from(piece.subarray(before + 1));
    else line = Buffer.concat([line, piece]);
  }
  const last = line.at(-1) === 10 ? readIndexLine(line.toString("utf8", 0, line.length - 1)) : null;
  if (!last || !("frames" in last)) throw damaged("its index ends before its end");
  return last.frames;
}

const framesBegin = Buffer.from('{"frames":');

/** The whole index in memory, about 120 bytes an entry; null where the backup has none. Read in slices, so that others get their turn. */
export async function openIndex(stored: StoredIndex, signal: AbortSignal): Promise<MediaIndex | null> {
  const { media } = stored.manifest;
  if (media?.packs) return openPackedIndex(stored, signal);
  const read = readIndex(stored, signal);
  if (!read || !media) return null;
  const index = new MediaIndex(media.files + media.directories + media.links);
  let since = performance.now();
  for await (const { entries, frames } of read) {
    for (const entry of entries) index.add(entry);
    if (frames) index.close(frames);
    // What is read ahead comes without a pause.
    if (performance.now() - since > slice) {
      await turn();
      since = performance.now();
    }
  }
  return index;
}
