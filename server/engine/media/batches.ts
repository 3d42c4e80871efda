import { Transform, type TransformCallback } from "node:stream";

const batchBytes = 256 * 1024;

/**
 * Passes bytes on in pieces of 256 KiB, each the only one in its memory, and counts them: an archive comes as many small
 * ones, each of them a message and a system call further on.
 */
export class Batches extends Transform {
  readonly #free: ArrayBuffer[] = [];
  #batch = Buffer.allocUnsafeSlow(batchBytes);
  #filled = 0;
  #bytes = 0;

  constructor() {
    // Object mode keeps the pieces apart: else whoever reads slowly gets several of them copied into one.
    super({ readableObjectMode: true, readableHighWaterMark: 2, writableHighWaterMark: 4 * batchBytes });
  }

  /** Bytes taken so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes the memory of a piece back, to be used again. */
  reuse(memory: ArrayBuffer): void {
    if (memory.byteLength === batchBytes) this.#free.push(memory);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#bytes += chunk.length;
    for (let taken = 0; taken < chunk.length; ) {
      const copied = chunk.copy(this.#batch, this.#filled, taken);
      taken += copied;
      this.#filled += copied;
      if (this.#filled === batchBytes) this.#pass();
    }
    done();
  }

  override _flush(done: TransformCallback): void {
    if (this.#filled > 0) this.#pass();
    done();
  }

  #pass(): void {
    this.push(this.#batch.subarray(0, this.#filled));
    const memory = this.#free.pop();
    this.#batch = memory ? Buffer.from(memory) : Buffer.allocUnsafeSlow(batchBytes);
    this.#filled = 0;
  }
}
