import { hash } from "node:crypto";
import { constants, gzipSync, zstdCompressSync } from "node:zlib";
import { packFrame } from "../../codec/frames.ts";
import { freeMemory } from "../../memory.ts";
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

/**
 * Brings chunks into packs, each content once. The chunks of `table` from an earlier backup are used where they lie. Chunks
 * go into packs as they come, those that are compressed in other threads a little later than those around them.
 */
export class Packer {
  readonly #options: Options;
  /** Chunks that are being compressed. */
  readonly #jobs = new Set<Promise<void>>();
  #queued = 0;
  #failure: unknown = null;

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
    while (this.#isBusy) await this.#one();
    await this.#options.output.room();
  }

  get needsRoom(): boolean {
    return this.#isBusy || this.#options.output.isFull;
  }

  async end(): Promise<void> {
    while (this.#jobs.size > 0) await this.#one();
    await this.#options.output.end();
  }

  get #isBusy(): boolean {
    return this.#jobs.size >= this.#options.threads || this.#queued > mostQueued;
  }

  async #one(): Promise<void> {
    await Promise.race(this.#jobs);
    if (this.#failure !== null) throw this.#failure;
  }

  #pack(number: number, bytes: Buffer): void {
    const { packing } = this.#options;
    if (packing.compression === "NONE" || looksPacked(bytes)) this.#write(number, { bytes, method: chunkMethods.raw });
    else if (bytes.length <= atOnceBytes) this.#write(number, this.#better(bytes, packed(bytes, packing)));
    else this.#compress(number, bytes);
  }

  #compress(number: number, bytes: Buffer): void {
    const { packing } = this.#options;
    const own = Buffer.from(bytes);
    const job = packFrame(own, packing)
      .then((frame) => {
        this.#write(number, this.#better(own, frame));
        freeMemory(frame);
      })
      .catch((error: unknown) => {
        this.#failure ??= error;
      })
      .finally(() => {
        this.#jobs.delete(job);
        this.#queued -= bytes.length;
        freeMemory(own);
      });
    this.#jobs.add(job);
    this.#queued += bytes.length;
  }

  #better(bytes: Buffer, frame: Buffer): Stored {
    const { compression } = this.#options.packing;
    if (frame.length > bytes.length * worthwhile) return { bytes, method: chunkMethods.raw };
    return { bytes: frame, method: compression === "GZIP" ? chunkMethods.gzip : chunkMethods.zstd };
  }

  #write(number: number, { bytes, method }: Stored): void {
    this.#options.table.settle(number, { ...this.#options.output.write(bytes), storedSize: bytes.length, method });
  }
}

const unplaced = -1;

function packed(bytes: Buffer, { compression, level }: Packing): Buffer {
  if (compression === "GZIP") return gzipSync(bytes, { level });
  return zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: level } });
}
