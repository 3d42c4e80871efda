import { createHash } from "node:crypto";
import { availableParallelism } from "node:os";
import { setImmediate as turn } from "node:timers/promises";
import type { Section } from "../../domain/manifest.ts";
import { freeFrame, packFrame } from "../codec/frames.ts";
import type { Packing } from "../part.ts";

/** Large enough to compress as well as one stream, small enough for several at once. */
const frameBytes = 4 * 1024 * 1024;

/** Frames that are given to libuv's pool at a time: one more than there are cores, since whoever reads looks up only now and then. */
export const framesAtOnce = Math.min(availableParallelism(), 8) + 1;

/** A piece of fixed memory that is read into; free again when all frames cut from it are written. */
interface Block {
  readonly bytes: Buffer;
  /** Where its first byte stands in the stream. */
  start: number;
  users: number;
}

/**
 * Cuts a stream that is read into its memory into frames, compresses several at once and writes them in order. A frame
 * ends where a section does, and else when the memory is full. Memory stays the same however long the stream is.
 */
export class FrameWriter {
  readonly #packing: Packing;
  readonly #write: (bytes: Buffer) => Promise<void>;
  readonly #frameBytes: number;
  readonly #free: Block[] = [];
  readonly #sections: OpenSection[] = [new OpenSection()];
  #missing = framesAtOnce + 2;
  #awaited: (() => void) | null = null;
  #block: Block | null = null;
  #filled = 0;
  /** Where the present frame begins in the stream. */
  #from = 0;
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  #written: Promise<void> = Promise.resolve();

  /** `most`: uncompressed bytes of a frame at most. */
  constructor(packing: Packing, write: (bytes: Buffer) => Promise<void>, most = frameBytes) {
    this.#packing = packing;
    this.#write = write;
    this.#frameBytes = most;
  }

  /** The memory to read the next bytes into; waits until some is free. */
  async room(): Promise<Buffer> {
    this.#block ??= await this.#next(0);
    return this.#block.bytes.subarray(this.#filled);
  }

  /** Begins a section at the stream's byte `at`, which is in the present frame. A section is never empty: the next one then takes its place. */
  cut(at: number): void {
    this.#close(at);
    if (this.#sections.at(-1)?.size) this.#sections.push(new OpenSection());
  }

  /** Tells that `room` was filled by `length` bytes. The last `undecided` ones may yet be cut, so they go to the next frame. */
  async filled(length: number, undecided: number): Promise<void> {
    const block = this.#block;
    if (!block) throw new Error("Nothing was asked to be filled");
    this.#filled += length;
    if (this.#filled < block.bytes.length) return;
    if (undecided >= block.bytes.length) throw new Error("A frame is too small for what is undecided");
    const tail = block.bytes.subarray(this.#filled - undecided);
    this.#close(block.start + this.#filled - undecided);
    const next = await this.#next(this.#from);
    tail.copy(next.bytes);
    this.#release(block);
    this.#block = next;
    this.#filled = undecided;
  }

  /** Writes what is left; the sections as they are stored. */
  async finish(): Promise<Omit<Section, "table">[]> {
    if (this.#block) this.#close(this.#block.start + this.#filled);
    await this.#written;
    let offset = 0;
    return this.#sections
      .filter(({ size }) => size > 0)
      .map((section) => {
        const stored = section.finish(offset, this.#packing.compression !== "NONE");
        offset += stored.storedSize;
        return stored;
      });
  }

  #close(at: number): void {
    const [block, section] = [this.#block, this.#sections.at(-1)];
    if (!block || !section || at <= this.#from) return;
    const bytes = block.bytes.subarray(this.#from - block.start, at - block.start);
    this.#from = at;
    section.size += bytes.length;
    block.users += 1;
    const packed = this.#oneOfFew(() => packFrame(bytes, this.#packing));
    this.#written = Promise.all([packed, this.#written]).then(async ([stored]) => {
      section.add(stored, bytes.length);
      await this.#write(stored);
      freeFrame(stored, this.#packing);
      this.#release(block);
    });
  }

  /** Only some at a time: each holds a compressor's memory, however small the frame is. */
  async #oneOfFew<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running === framesAtOnce) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running += 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }

  async #next(start: number): Promise<Block> {
    // Whoever reads synchronously has to let finished frames come in now and then.
    await turn();
    if (this.#free.length === 0 && this.#missing > 0) {
      this.#missing -= 1;
      return { bytes: Buffer.allocUnsafeSlow(this.#frameBytes), start, users: 1 };
    }
    while (this.#free.length === 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#awaited = resolve;
      await promise;
    }
    const block = this.#free.pop();
    if (!block) throw new Error("No memory became free");
    return Object.assign(block, { start, users: 1 });
  }

  #release(block: Block): void {
    block.users -= 1;
    if (block.users > 0) return;
    this.#free.push(block);
    this.#awaited?.();
  }
}

/** A section as it is being written. */
export class OpenSection {
  size = 0;
  #storedSize = 0;
  readonly #hash = createHash("sha256");
  readonly #frames: [storedSize: number, size: number][] = [];

  add(stored: Buffer, size: number): void {
    this.#storedSize += stored.length;
    this.#hash.update(stored);
    this.#frames.push([stored.length, size]);
  }

  /** Uncompressed bytes have no frames: the section is then as one. */
  finish(offset: number, framed: boolean): Omit<Section, "table"> {
    const { size } = this;
    const frames = framed ? this.#frames : [[this.#storedSize, size] as const];
    return { offset, storedSize: this.#storedSize, size, sha256: this.#hash.digest("hex"), frames, rows: null };
  }
}
