import { availableParallelism } from "node:os";
import { Writable } from "node:stream";
import { packFrame } from "../codec/frames.ts";
import type { Packing } from "../part.ts";

/** Uncompressed bytes of a frame: one file of an archive costs at most this much more to read than its own bytes. */
export const frameBytes = 4 * 1024 * 1024;
/** Where nothing is compressed there are no frames, only pieces that travel at once. */
const pieceBytes = 1024 * 1024;

/** Frames compressed side by side; libuv's pool has four threads. */
const atOnce = Math.min(availableParallelism(), 4);

/** A frame as stored, and where it ends in the uncompressed stream. */
export interface Frame {
  readonly stored: Uint8Array;
  readonly end: number;
}

interface Options {
  /** Of a frame, uncompressed. */
  readonly size?: number;
}

/**
 * Cuts what is written into frames that are each whole by themselves, compresses a few side by side and hands them to
 * `take` in order, the next when it resolved. Memory stays the same however much is written.
 */
export class Framing extends Writable {
  readonly #packing: Packing;
  readonly #take: (frame: Frame) => Promise<void>;
  readonly #size: number;
  readonly #free: Buffer<ArrayBuffer>[] = [];
  /** Stored and uncompressed size of each frame; empty where nothing is compressed. */
  readonly frames: (readonly [storedSize: number, size: number])[] = [];
  #frame: Buffer<ArrayBuffer>;
  #filled = 0;
  #bytes = 0;
  #underWay: Promise<void>[] = [];

  constructor(packing: Packing, take: (frame: Frame) => Promise<void>, { size }: Options = {}) {
    super({ highWaterMark: 1024 * 1024 });
    this.#packing = packing;
    this.#take = take;
    this.#size = size ?? (packing.compression === "NONE" ? pieceBytes : frameBytes);
    this.#frame = Buffer.allocUnsafeSlow(this.#size);
  }

  /** Bytes written so far. */
  get bytes(): number {
    return this.#bytes;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const taken = this.#fill(chunk);
    // Nearly all are small and fit: for them no promise is made.
    if (taken < chunk.length || this.#filled === this.#size) {
      this.#rest(chunk, taken).then(() => done(), done);
      return;
    }
    done();
  }

  override _final(done: (error?: Error | null) => void): void {
    if (this.#filled > 0) this.#pass();
    Promise.all(this.#underWay).then(() => done(), done);
  }

  #fill(chunk: Buffer): number {
    const copied = chunk.copy(this.#frame, this.#filled);
    this.#filled += copied;
    this.#bytes += copied;
    return copied;
  }

  async #rest(chunk: Buffer, taken: number): Promise<void> {
    for (let at = taken; ; at += this.#fill(chunk.subarray(at))) {
      if (this.#filled === this.#size) {
        this.#pass();
        while (this.#underWay.length >= atOnce) await this.#underWay[0];
      }
      if (at === chunk.length) return;
    }
  }

  #pass(): void {
    const [bytes, end] = [this.#frame.subarray(0, this.#filled), this.#bytes];
    const before = this.#underWay.at(-1);
    const isPlain = this.#packing.compression === "NONE";
    const packed = packFrame(bytes, this.#packing);
    const passed = (async () => {
      const [stored] = await Promise.all([packed, before]);
      if (!isPlain) {
        this.frames.push([stored.length, bytes.length]);
      }
      await this.#take({ stored, end });
      // What is not compressed is the frame's own memory, in use until it was taken.
      this.#free.push(Buffer.from(bytes.buffer));
      this.#underWay.shift();
    })();
    // Whoever waits for it first meets its error; until then it is not unhandled.
    passed.catch(() => {});
    this.#underWay.push(passed);
    this.#frame = this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#size);
    this.#filled = 0;
  }
}
