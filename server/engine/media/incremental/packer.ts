import { hash } from "node:crypto";
import { constants, gzipSync, zstdCompressSync } from "node:zlib";
import { packFrame } from "../../codec/frames.ts";
import type { Packing } from "../../part.ts";
import { type ChunkMethod, type ChunkTable, chunkMethods } from "./chunk-table.ts";
import type { PackOutput } from "./pack-output.ts";
import { looksPacked } from "./trial.ts";

/** Up to this a chunk is compressed at once: handing it to another thread would cost more. */
const atOnceBytes = 128 * 1024;
const mostQueued = 8 * 1024 * 1024;
/** Compression that gains less is left away: the chunk is then read without undoing it. */
const worthwhile = 0.97;

interface Options {
  readonly table: ChunkTable;
  readonly output: PackOutput;
  readonly packing: Packing;
  /** Chunks compressed side by side. */
  readonly threads: number;
  /** Whether a chunk that lies in this pack may be used again. */
  readonly isUsable: (pack: number) => boolean;
}

interface Stored {
  readonly bytes: Buffer;
  readonly method: ChunkMethod;
}

interface Job {
  readonly number: number;
  readonly size: number;
  stored: Stored | null;
  readonly done: Promise<void>;
}

/**
 * Brings chunks into packs, each content once. The chunks of `table` from an earlier backup are used where they lie. Chunks
 * go into packs in the order in which they came.
 */
export class Packer {
  readonly #options: Options;
  /** Chunks that are being compressed, and those that came after them. */
  readonly #jobs: Job[] = [];
  #queued = 0;

  constructor(options: Options) {
    this.#options = options;
  }

  /** The number of the chunk with this content. The bytes are the caller's own again at once. */
  add(bytes: Buffer, sum: Buffer = hash("sha256", bytes, "buffer")): number {
    const { table, isUsable } = this.#options;
    const known = table.find(sum);
    if (known !== null && (table.pack(known) < 0 || isUsable(table.pack(known)))) return known;
    const number = table.add({ pack: unplaced, offset: 0, storedSize: 0, method: 0, size: bytes.length }, sum);
    this.#pack(number, bytes);
    return number;
  }

  isPlaced(number: number): boolean {
    return this.#options.table.pack(number) !== unplaced;
  }

  /** Waits while more is on its way than memory is meant for. */
  async room(): Promise<void> {
    this.#settle();
    while (this.#jobs.length > 0 && (this.#compressing >= this.#options.threads || this.#queued > mostQueued)) await this.#first();
    await this.#options.output.room();
  }

  get needsRoom(): boolean {
    return this.#jobs.length > 0 || this.#options.output.isFull;
  }

  async end(): Promise<void> {
    while (this.#jobs.length > 0) await this.#first();
    await this.#options.output.end();
  }

  get #compressing(): number {
    return this.#jobs.reduce((sum, { stored }) => sum + (stored ? 0 : 1), 0);
  }

  async #first(): Promise<void> {
    await this.#jobs[0]?.done;
    this.#settle();
  }

  #pack(number: number, bytes: Buffer): void {
    const { packing } = this.#options;
    if (packing.compression === "NONE" || looksPacked(bytes)) this.#place(number, { bytes, method: chunkMethods.raw });
    else if (bytes.length <= atOnceBytes) this.#place(number, this.#better(bytes, packed(bytes, packing)));
    else this.#compress(number, bytes);
  }

  #compress(number: number, bytes: Buffer): void {
    const { packing } = this.#options;
    const own = Buffer.from(bytes);
    const job: Job = { number, size: bytes.length, stored: null, done: Promise.resolve() };
    const done = packFrame(own, packing).then((frame) => {
      job.stored = this.#better(own, frame);
    });
    // Whoever waits for it meets its error.
    done.catch(() => {});
    this.#jobs.push(Object.assign(job, { done }));
    this.#queued += own.length;
  }

  #better(bytes: Buffer, frame: Buffer): Stored {
    const { compression } = this.#options.packing;
    if (frame.length > bytes.length * worthwhile) return { bytes, method: chunkMethods.raw };
    return { bytes: frame, method: compression === "GZIP" ? chunkMethods.gzip : chunkMethods.zstd };
  }

  #place(number: number, { bytes, method }: Stored): void {
    if (this.#jobs.length === 0) this.#write(number, bytes, method);
    else {
      this.#jobs.push({ number, size: bytes.length, stored: { bytes: Buffer.from(bytes), method }, done: Promise.resolve() });
      this.#queued += bytes.length;
    }
  }

  /** Writes what is compressed, up to the first that is not. */
  #settle(): void {
    for (let job = this.#jobs[0]; job?.stored; job = this.#jobs[0]) {
      this.#write(job.number, job.stored.bytes, job.stored.method);
      this.#queued -= job.size;
      this.#jobs.shift();
    }
  }

  #write(number: number, stored: Buffer, method: ChunkMethod): void {
    this.#options.table.settle(number, { ...this.#options.output.write(stored), storedSize: stored.length, method });
  }
}

const unplaced = -1;

function packed(bytes: Buffer, { compression, level }: Packing): Buffer {
  if (compression === "GZIP") return gzipSync(bytes, { level });
  return zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: level } });
}
