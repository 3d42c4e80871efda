import { setImmediate as turn } from "node:timers/promises";
import { packsOf } from "../../backup-files.ts";
import { padded } from "../header.ts";
import type { IndexEntry } from "../index-line.ts";
import { MediaIndex } from "../media-index.ts";
import { readChunks } from "./chunk-reader.ts";
import type { ChunkTable } from "./chunk-table.ts";
import type { ListEntry } from "./list-entry.ts";
import { listReader, readList, type StoredMedia } from "./stored-list.ts";
import { tarBytes, tarHeader } from "./tar-header.ts";

/** Milliseconds of work before others get their turn. */
const slice = 10;

/** The lines of an index, made of a backup's list; `at` and `end` count in the tar that the entries make. */
export async function* indexEntries(stored: StoredMedia, signal: AbortSignal): AsyncGenerator<readonly IndexEntry[], void> {
  let at = 0;
  for await (const entries of readList(stored, listReader(stored), signal))
    yield entries.map((entry) => {
      const line = indexEntry(entry, at);
      at = line.end;
      return line;
    });
}

function indexEntry(entry: ListEntry, at: number): IndexEntry {
  const { path, kind, size, mtime, mode, target, sum } = entry;
  return {
    ...{ path, kind, size, mtime: mtime / 1000, mode },
    ...(target === null ? {} : { target }),
    ...(sum === null ? {} : { sha256: sum.toString("hex") }),
    ...{ at, end: at + tarBytes(entry) },
  };
}

/** The whole list of an incremental backup in memory: an index that also knows where the content lies. */
export async function openPackedIndex(stored: StoredMedia, signal: AbortSignal): Promise<PackedIndex> {
  const reader = listReader(stored);
  const { files = 0, directories = 0, links = 0 } = stored.manifest.media ?? {};
  const index = new PackedIndex(files + directories + links, reader.chunks);
  let since = performance.now();
  for await (const entries of readList(stored, reader, signal)) {
    for (const entry of entries) index.take(entry);
    if (performance.now() - since > slice) {
      await turn();
      since = performance.now();
    }
  }
  index.close([]);
  return index;
}

/** An index of media in packs, out of which any range of the tar can be read that the entries make. */
export class PackedIndex extends MediaIndex {
  readonly chunks: ChunkTable;
  readonly #owners: Float64Array;
  /** The pieces of all entries, and where those of each begin. */
  #pieces = new Int32Array(1024);
  readonly #first: Float64Array;
  #at = 0;

  constructor(capacity: number, chunks: ChunkTable) {
    super(capacity);
    this.chunks = chunks;
    this.#owners = new Float64Array(capacity * 2);
    this.#first = new Float64Array(capacity + 1);
  }

  /** Adds the next entry of the list. */
  take(entry: ListEntry): void {
    const position = this.length;
    const line = indexEntry(entry, this.#at);
    this.add(line);
    this.#at = line.end;
    this.#owners[position * 2] = entry.uid;
    this.#owners[position * 2 + 1] = entry.gid;
    const first = this.#first[position] ?? 0;
    const end = first + entry.pieces.length;
    if (end > this.#pieces.length) this.#pieces = larger(this.#pieces, end);
    this.#pieces.set(entry.pieces, first);
    this.#first[position + 1] = end;
  }

  /** Bytes of the tar. */
  get tarSize(): number {
    return this.#at + endMark.length;
  }

  /** The entry as its list tells of it, but for the stamp. */
  listed(position: number): ListEntry {
    const { path, kind, size, mtime, mode, target = null, sha256 } = this.entry(position);
    const [uid, gid] = [this.#owners[position * 2] ?? 0, this.#owners[position * 2 + 1] ?? 0];
    const pieces = [...this.#pieces.subarray(this.#first[position], this.#first[position + 1])];
    const sum = sha256 === undefined ? null : Buffer.from(sha256, "hex");
    return { path, kind, size, mtime: Math.round(mtime * 1000), mode, uid, gid, target, stamp: null, pieces, sum };
  }

  /** The tar: its bytes from `from` to before `to`, for which only the chunks that hold them are read, and proved. */
  tar(stored: StoredMedia) {
    return { size: this.tarSize, read: (from: number, to: number, signal: AbortSignal) => this.#read(stored, from, to, signal) };
  }

  async *#read({ storage, manifest }: StoredMedia, from: number, to: number, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
    const packed = { storage, packs: packsOf(manifest), chunks: this.chunks };
    const contents = readChunks(packed, numbersOf(this.#segments(from, to)), signal);
    try {
      for (const { bytes, chunk, skip, take } of this.#segments(from, to)) {
        const content = chunk === null ? bytes : (await contents.next()).value;
        if (content) yield content.subarray(skip, skip + take);
      }
    } finally {
      await contents.return();
    }
  }

  /** What stands in a stretch of the tar: bytes that are made up, or a part of a chunk. */
  *#segments(from: number, to: number): Generator<Segment, void> {
    const cut = (at: number, size: number, what: Pick<Segment, "bytes" | "chunk">): Segment | null => {
      const [begin, end] = [Math.max(from, at), Math.min(to, at + size)];
      return begin < end ? { ...what, skip: begin - at, take: end - begin } : null;
    };
    for (let position = this.#entryAt(from); position < this.length; position += 1) {
      const entry = this.listed(position);
      const line = this.entry(position);
      if (line.at >= to) return;
      const content = line.end - padded(entry.size);
      if (content > from) {
        const header = cut(line.at, content - line.at, { bytes: tarHeader(entry), chunk: null });
        if (header) yield header;
      }
      let at = content;
      for (const piece of entry.pieces) {
        const size = this.chunks.size(piece);
        const part = cut(at, size, { bytes: null, chunk: piece });
        if (part) yield part;
        at += size;
      }
      const padding = cut(at, line.end - at, { bytes: endMark, chunk: null });
      if (padding) yield padding;
    }
    const end = cut(this.#at, endMark.length, { bytes: endMark, chunk: null });
    if (end) yield end;
  }

  /** The entry that holds this byte of the tar. */
  #entryAt(byte: number): number {
    let [low, high] = [0, this.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.entry(middle).at <= byte) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

interface Segment {
  readonly bytes: Uint8Array | null;
  readonly chunk: number | null;
  readonly skip: number;
  readonly take: number;
}

function* numbersOf(segments: Iterable<Segment>): Generator<number, void> {
  for (const { chunk } of segments) if (chunk !== null) yield chunk;
}

/** What a tar ends with, and what fills up its blocks. */
const endMark = new Uint8Array(2 * 512);

function larger(from: Int32Array<ArrayBuffer>, least: number): Int32Array<ArrayBuffer> {
  const to = new Int32Array(Math.max(from.length * 2, least));
  to.set(from);
  return to;
}
