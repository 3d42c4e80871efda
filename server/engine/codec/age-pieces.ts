import { sealedBytes } from "./age-payload.ts";

/** Sixteen chunks make one: about a millisecond of work, and few steps through the streams behind. */
const pieceBytes = 16 * sealedBytes;

/** Puts chunks one behind the other into pieces of a mebibyte. */
export class Pieces {
  #piece: Buffer | null = null;
  #length = 0;

  /** Whether the next chunk may find no room: `take` comes first then. */
  get full(): boolean {
    return pieceBytes - this.#length < sealedBytes;
  }

  /** Copies the bytes in. */
  add(bytes: Uint8Array): void {
    this.#piece ??= Buffer.allocUnsafeSlow(pieceBytes);
    this.#piece.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** What was added since the last time; it is the caller's own. */
  take(): Buffer {
    const taken = this.#piece?.subarray(0, this.#length) ?? Buffer.alloc(0);
    [this.#piece, this.#length] = [null, 0];
    return taken;
  }
}

/** Frees what a cipher gave and that was copied: the collector would work as long again as the cipher to find it. */
export function freeChunk({ buffer, length }: Buffer): void {
  // One that shares its memory with others is left alone.
  if (length > 0 && buffer instanceof ArrayBuffer && buffer.byteLength === length) buffer.transfer(0);
}
