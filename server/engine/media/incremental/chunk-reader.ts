import { hash } from "node:crypto";
import { promisify } from "node:util";
import { gunzip, gunzipSync, zstdDecompress, zstdDecompressSync } from "node:zlib";
import { abortable } from "../../abortable.ts";
import type { BackupFile } from "../../backup-files.ts";
import { readAhead } from "../../read-ahead.ts";
import type { Storage } from "../../storage/storage.ts";
import { altered } from "../proved.ts";
import { type ChunkTable, chunkMethods } from "./chunk-table.ts";

const [fromZstd, fromGzip] = [promisify(zstdDecompress), promisify(gunzip)];

/** Chunks that lie so near to each other are read at once, what is between them with them. */
const nearBytes = 64 * 1024;
/** Stored bytes that are read at once. */
const runBytes = 4 * 1024 * 1024;
const mostRuns = 3;
/** Up to this a chunk is unpacked at once: handing it to another thread would cost more. */
const atOnceBytes = 128 * 1024;

/** The packs of one backup, and what lies in them. */
export interface PackedChunks {
  readonly storage: Storage;
  readonly packs: readonly BackupFile[];
  readonly chunks: ChunkTable;
}

/** Chunks of one pack that are read at once. */
interface Run {
  readonly pack: number;
  readonly start: number;
  end: number;
  readonly numbers: number[];
}

/**
 * The content of these chunks in their order, each proved by its SHA-256; some runs of them are read ahead. What was altered
 * or cut is ARTIFACT_CORRUPT.
 */
export async function* readChunks(from: PackedChunks, numbers: Iterable<number>, signal: AbortSignal): AsyncGenerator<Buffer, void> {
  for await (const contents of readAhead(runsOf(from.chunks, numbers), mostRuns, (run) => readRun(from, run, signal))) yield* contents;
}

async function* runsOf(chunks: ChunkTable, numbers: Iterable<number>): AsyncGenerator<Run, void> {
  let run: Run | null = null;
  for (const number of numbers) {
    const { pack, offset, storedSize } = chunks.place(number);
    const end = offset + storedSize;
    const isNear: boolean =
      run?.pack === pack && offset >= run.end && offset - run.end <= nearBytes && (end - run.start <= runBytes || run.numbers.length === 0);
    if (run && isNear) {
      run.numbers.push(number);
      run.end = end;
      continue;
    }
    if (run) yield run;
    run = { pack, start: offset, end, numbers: [number] };
  }
  if (run) yield run;
}

async function readRun(
  { storage, packs, chunks }: PackedChunks,
  { pack, start, end, numbers }: Run,
  signal: AbortSignal,
): Promise<Buffer[]> {
  const file = packs[pack];
  if (!file) throw new Error(`The backup has no pack ${pack}`);
  const stored = Buffer.allocUnsafeSlow(end - start);
  let filled = 0;
  for await (const piece of abortable(await storage.get(file.name, { start, end: end - 1 }), signal)) {
    if (filled + piece.length > stored.length) throw altered(shortened(file), "it is longer than it was");
    stored.set(piece, filled);
    filled += piece.length;
  }
  if (filled < stored.length) throw altered(shortened(file), "it is cut off");
  return Promise.all(
    numbers.map((number) => {
      const { offset, storedSize } = chunks.place(number);
      return unpack(chunks, number, stored.subarray(offset - start, offset - start + storedSize), file);
    }),
  );
}

async function unpack(chunks: ChunkTable, number: number, stored: Buffer, file: BackupFile): Promise<Buffer> {
  const { method, size } = chunks.place(number);
  const options = { maxOutputLength: size, chunkSize: Math.max(size, 1024) };
  let bytes = stored;
  try {
    if (method === chunkMethods.zstd) bytes = size <= atOnceBytes ? zstdDecompressSync(stored, options) : await fromZstd(stored, options);
    if (method === chunkMethods.gzip) bytes = size <= atOnceBytes ? gunzipSync(stored, options) : await fromGzip(stored, options);
  } catch (error) {
    throw altered(shortened(file), "a chunk of it cannot be unpacked", error);
  }
  if (bytes.length !== size || !hash("sha256", bytes, "buffer").equals(chunks.sum(number)))
    throw altered(shortened(file), "a chunk of it has another content");
  return bytes;
}

/** As the manifest calls it. */
const shortened = ({ name }: BackupFile) => ({ name: name.slice(name.lastIndexOf("/") + 1) });
