const slabBytes = 256 * 1024;

/**
 * Memory that files are read into, and that is used again as soon as what was read is in a frame: left to the garbage
 * collector, some hundred megabytes of it would be waiting at any time.
 */
export class Slabs {
  /** The most that one holds. */
  static readonly size = slabBytes;
  readonly #free: ArrayBuffer[] = [];
  readonly #out = new Map<ArrayBufferLike, Buffer>();

  /** Room for `size` bytes; small ones come from Node's own pool. */
  take(size: number): Buffer {
    if (size < 4096 || size > slabBytes) return Buffer.allocUnsafe(size);
    return Buffer.from(this.#free.pop() ?? new ArrayBuffer(slabBytes), 0, size);
  }

  /** Tells what of it goes on its way as one chunk; only then can it come back. */
  send(chunk: Buffer): Buffer {
    if (chunk.length > 0 && chunk.buffer.byteLength === slabBytes) this.#out.set(chunk.buffer, chunk);
    return chunk;
  }

  /** A chunk was copied. One that we did not send, or that was cut on its way, is left alone. */
  back(chunk: Uint8Array): void {
    const { buffer } = chunk;
    if (this.#out.get(buffer) !== chunk || !(buffer instanceof ArrayBuffer)) return;
    this.#out.delete(buffer);
    this.#free.push(buffer);
  }
}
