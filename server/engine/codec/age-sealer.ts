import type { KeyObject } from "node:crypto";
import { chunkBytes, Payload } from "./age-payload.ts";

/** Few steps through the streams behind. */
const chunksAtOnce = 16;
const nothing = new Uint8Array(0);

/** Seals the payload of one file in whatever pieces it comes, right out of these. */
export class Sealer {
  readonly #payload: Payload;
  #number = 0;
  #held: Uint8Array = nothing;

  constructor(key: KeyObject) {
    this.#payload = new Payload(key);
  }

  /** The parts of what is sealed of this piece and the ones before; the piece is of no more use to it at the end. */
  *seal(piece: Uint8Array): Generator<Uint8Array[], void> {
    let [parts, chunks, at]: [Uint8Array[], number, number] = [[], 0, 0];
    // Whether a chunk is the last shows only by what comes after it.
    while (this.#held.length + piece.length - at > chunkBytes) {
      const end = at + chunkBytes - this.#held.length;
      const plain = piece.subarray(at, end);
      parts.push(...this.#payload.seal(this.#held.length > 0 ? [this.#held, plain] : [plain], this.#number, false));
      [this.#held, this.#number, at, chunks] = [nothing, this.#number + 1, end, chunks + 1];
      if (chunks < chunksAtOnce) continue;
      yield parts;
      [parts, chunks] = [[], 0];
    }
    this.#held = Buffer.concat([this.#held, piece.subarray(at)]);
    if (parts.length > 0) yield parts;
  }

  /** The parts of the last chunk, which only in an empty file is empty. */
  end(): Uint8Array[] {
    return this.#payload.seal([this.#held], this.#number, true);
  }
}
