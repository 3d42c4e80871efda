import type { KeyObject } from "node:crypto";
import { chunkBytes, Payload } from "./age-payload.ts";

/** Few steps through the streams behind. */
const chunksAtOnce = 16;

/** Seals the payload of one file in whatever pieces it comes, right out of these. */
export class Sealer {
  readonly #payload: Payload;
  #number = 0;
  /** Of the chunk that is begun. */
  #held: Uint8Array[] = [];
  #bytes = 0;

  constructor(key: KeyObject) {
    this.#payload = new Payload(key);
  }

  /** The parts of what is sealed of these pieces and the ones before; they are of no more use to it at the end. */
  *seal(pieces: readonly Uint8Array[]): Generator<Uint8Array[], void> {
    let parts: Uint8Array[] = [];
    let chunks = 0;
    for (const piece of pieces)
      for (let at = 0; at < piece.length; ) {
        // Whether a chunk is the last shows only by what comes after it.
        if (this.#bytes === chunkBytes) {
          parts.push(...this.#sealed(false));
          chunks += 1;
        }
        const some = piece.subarray(at, at + chunkBytes - this.#bytes);
        this.#held.push(some);
        [at, this.#bytes] = [at + some.length, this.#bytes + some.length];
        if (chunks < chunksAtOnce) continue;
        yield parts;
        [parts, chunks] = [[], 0];
      }
    this.#held = [Buffer.concat(this.#held)];
    if (parts.length > 0) yield parts;
  }

  /** The parts of the last chunk, which only in an empty file is empty. */
  end(): Uint8Array[] {
    return this.#sealed(true);
  }

  #sealed(last: boolean): Uint8Array[] {
    const parts = this.#payload.seal(this.#held, this.#number, last);
    [this.#held, this.#bytes, this.#number] = [[], 0, this.#number + 1];
    return parts;
  }
}
