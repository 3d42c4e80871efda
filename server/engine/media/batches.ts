import { Transform, type TransformCallback } from "node:stream";

const batchBytes = 256 * 1024;

/**
 * Passes bytes on in pieces of some 256 KiB, each the only one in its memory, and counts them: an archive comes as many
 * small ones, each of them a message and a system call further on.
 */
export class Batches extends Transform {
  #batch = Buffer.allocUnsafeSlow(batchBytes);
  #filled = 0;
  #bytes = 0;

  constructor() {
    super({ readableHighWaterMark: 4 * batchBytes, writableHighWaterMark: 4 * batchBytes });
  }

  /** Bytes taken so far. */
  get bytes(): number {
    return this.#bytes;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#bytes += chunk.length;
    if (chunk.length >= batchBytes) {
      this.#flushBatch();
      this.push(chunk);
    } else {
      const taken = chunk.copy(this.#batch, this.#filled);
      this.#filled += taken;
      if (this.#filled === batchBytes) {
        this.#flushBatch();
        this.#filled = chunk.copy(this.#batch, 0, taken);
      }
    }
    done();
  }

  override _flush(done: TransformCallback): void {
    this.#flushBatch();
    done();
  }

  #flushBatch(): void {
    if (this.#filled === 0) return;
    this.push(this.#batch.subarray(0, this.#filled));
    this.#batch = Buffer.allocUnsafeSlow(batchBytes);
    this.#filled = 0;
  }
}
