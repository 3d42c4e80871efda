import { createHash, type Hash, type KeyObject } from "node:crypto";
import { letGo } from "../handed-over.ts";
import { freeMemory } from "../memory.ts";
import { chunkBytes, Payload, sealedBytes } from "./age-payload.ts";

/** What is done with a file's payload, and what stands before that in the file. */
export interface PayloadWork {
  readonly direction: "seal" | "open";
  readonly key: KeyObject;
  /** Header and nonce: part of what is stored. */
  readonly head: Uint8Array;
  /** Whether the checksum of what is inside is taken, too. */
  readonly sumsInside: boolean;
}

/** Size and lower-case hex SHA-256 of a file as it is stored, and of what is inside, where that was asked for. */
export interface Digests {
  readonly stored: { readonly size: number; readonly sha256: string };
  readonly inside: { readonly size: number; readonly sha256: string | null };
}

/** Sixteen chunks: about two milliseconds of work, and few steps through the streams behind. */
const chunksOfSlab = 16;
export const slabBytes = { seal: chunksOfSlab * chunkBytes, open: chunksOfSlab * sealedBytes } as const;

/** Seals or opens the payload of one file, a slab of whole chunks at a time, and takes its checksums on the way. */
export class Slabs {
  readonly #payload: Payload;
  readonly #sealing: boolean;
  readonly #stored = { size: 0, hash: createHash("sha256") };
  readonly #inside: { size: number; readonly hash: Hash | null };
  #number = 0;

  constructor({ direction, key, head, sumsInside }: PayloadWork) {
    [this.#payload, this.#sealing] = [new Payload(key), direction === "seal"];
    this.#inside = { size: 0, hash: sumsInside ? createHash("sha256") : null };
    this.#count(this.#stored, head);
  }

  /** What the next slab becomes, in memory of its own; null when a chunk of it is not the one that was sealed. The last one may be shorter. */
  next(slab: Uint8Array, last: boolean): Buffer<ArrayBuffer> | null {
    const [from, to] = this.#sealing ? [chunkBytes, sealedBytes] : [sealedBytes, chunkBytes];
    const chunks = Math.max(1, Math.ceil(slab.length / from));
    const made = Buffer.allocUnsafeSlow(chunks * to);
    let length = 0;
    for (let chunk = 0; chunk < chunks; chunk += 1) {
      const bytes = slab.subarray(chunk * from, (chunk + 1) * from);
      const parts = this.#turned(bytes, last && chunk === chunks - 1);
      if (!parts) return null;
      for (const part of parts) {
        made.set(part, length);
        length += part.length;
        freeMemory(part);
      }
    }
    const result = made.subarray(0, length);
    this.#count(this.#sealing ? this.#inside : this.#stored, slab);
    this.#count(this.#sealing ? this.#stored : this.#inside, result);
    return result;
  }

  /** Of all slabs; to be asked for once, after the last one. */
  digests(): Digests {
    const [stored, inside] = [this.#stored, this.#inside];
    return {
      stored: { size: stored.size, sha256: stored.hash.digest("hex") },
      inside: { size: inside.size, sha256: inside.hash?.digest("hex") ?? null },
    };
  }

  #count(of: { size: number; readonly hash: Hash | null }, bytes: Uint8Array): void {
    of.size += bytes.length;
    of.hash?.update(bytes);
  }

  #turned(bytes: Uint8Array, last: boolean): readonly Buffer[] | null {
    const number = this.#number++;
    if (this.#sealing) return this.#payload.seal([bytes], number, last);
    const plain = this.#payload.open(bytes, number, last);
    // Only the one chunk of an empty file is empty.
    return plain && (plain.length > 0 || number === 0) ? [plain] : null;
  }
}

/** Cuts a stream into slabs as long as the memory that `room` gives for each; the last one may be shorter, and only in an empty stream is it empty. */
export async function* inSlabs(
  source: AsyncIterable<Uint8Array>,
  room: () => Uint8Array<ArrayBuffer>,
): AsyncGenerator<{ readonly slab: Uint8Array<ArrayBuffer>; readonly last: boolean }, void> {
  let [slab, filled] = [room(), 0];
  for await (const piece of source) {
    for (let at = 0; at < piece.length; ) {
      // Only now is it known that this slab is not the last.
      if (filled === slab.length) {
        yield { slab, last: false };
        [slab, filled] = [room(), 0];
      }
      const some = piece.subarray(at, at + slab.length - filled);
      slab.set(some, filled);
      [at, filled] = [at + some.length, filled + some.length];
    }
    letGo(piece);
  }
  yield { slab: slab.subarray(0, filled), last: true };
}
