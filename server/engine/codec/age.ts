import { randomBytes } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import { alteredAge, headerLength, longestHeader, nonceBytes, openFileKey, sealFileKey } from "./age-header.ts";
import { chunkBytes, Payload, sealedBytes } from "./age-payload.ts";
import { freeChunk, Pieces } from "./age-pieces.ts";
import type { Codec } from "./decompress.ts";

/**
 * Encrypts a stream to all of the recipients, in the format age-encryption.org/v1, which the stock program `age` opens with
 * the identity of any of them. The payload goes through node's own ciphers: the library's would starve the event loop.
 */
export function encryptAge(recipients: readonly string[]): Codec {
  return async function* (source) {
    yield* sealWith(await sealFileKey(recipients))(source);
  };
}

/** The same with a file key that was sealed already; it is of no use afterwards. */
export function sealWith({ header, fileKey }: Awaited<ReturnType<typeof sealFileKey>>): Codec {
  return async function* (source) {
    const nonce = randomBytes(nonceBytes);
    const payload = new Payload(fileKey, nonce);
    fileKey.fill(0);
    yield Buffer.concat([header, nonce]);
    const chunks = new Chunks(chunkBytes);
    const sealed = new Pieces();
    let number = 0;
    for await (const piece of source)
      for (const chunk of chunks.add(piece)) {
        const [body, tag] = payload.seal(chunk, number++, false);
        sealed.add(body);
        sealed.add(tag);
        freeChunk(body);
        if (!sealed.full) continue;
        yield sealed.take();
        // Others get their turn after each piece.
        await turn();
      }
    for (const part of payload.seal(chunks.rest(), number, true)) sealed.add(part);
    yield sealed.take();
  };
}

/** Undoes `encryptAge` with one of the identities; `name` is the file's in a Failure. What was altered, cut or added to is ARTIFACT_CORRUPT. */
export function decryptAge(identities: readonly string[], name: string): Codec {
  return async function* (source) {
    let before: Buffer | null = Buffer.alloc(0);
    let payload: Payload | null = null;
    const chunks = new Chunks(sealedBytes);
    const opened = new Pieces();
    let number = 0;
    for await (const arrived of source) {
      let piece = arrived;
      if (before) {
        before = Buffer.concat([before, piece]);
        const begun = await begin(before, identities, name);
        if (!begun) continue;
        [payload, piece, before] = [begun.payload, begun.rest, null];
      }
      for (const chunk of chunks.add(piece)) {
        const plain = checked(payload?.open(chunk, number++, false), name);
        opened.add(plain);
        freeChunk(plain);
        if (!opened.full) continue;
        yield opened.take();
        await turn();
      }
    }
    if (!payload) throw alteredAge(name, "it is cut off in its header");
    const last = checked(payload.open(chunks.rest(), number, true), name);
    if (last.length === 0 && number > 0) throw alteredAge(name, "it has an empty end");
    opened.add(last);
    yield opened.take();
  };
}

const checked = (plain: Buffer | null | undefined, name: string): Buffer => {
  if (!plain) throw alteredAge(name, "a part of it was altered, or it was cut off or added to");
  return plain;
};

async function begin(bytes: Buffer, identities: readonly string[], name: string) {
  const length = headerLength(bytes.subarray(0, longestHeader));
  if (length === null && bytes.length >= longestHeader) throw alteredAge(name, "it does not begin with the header of an encrypted file");
  if (length === null || bytes.length < length + nonceBytes) return null;
  const fileKey = await openFileKey(bytes.subarray(0, length), identities, name);
  const payload = new Payload(fileKey, bytes.subarray(length, length + nonceBytes));
  fileKey.fill(0);
  return { payload, rest: bytes.subarray(length + nonceBytes) };
}

/** Cuts a stream into chunks of one length; the last one, whatever its length, is kept back: only the end tells that it is that. */
class Chunks {
  readonly #held: Buffer;
  #length = 0;

  constructor(size: number) {
    this.#held = Buffer.allocUnsafe(size);
  }

  /** The chunks that are followed by others now. Each is to be used before the next is asked for. */
  *add(piece: Uint8Array): Generator<Uint8Array> {
    const size = this.#held.length;
    for (let from = 0; from < piece.length; ) {
      if (this.#length === size) {
        yield this.#held;
        this.#length = 0;
      }
      if (this.#length === 0 && piece.length - from > size) {
        yield piece.subarray(from, from + size);
        from += size;
        continue;
      }
      const some = piece.subarray(from, from + size - this.#length);
      this.#held.set(some, this.#length);
      this.#length += some.length;
      from += some.length;
    }
  }

  /** What was kept back. */
  rest(): Uint8Array {
    return this.#held.subarray(0, this.#length);
  }
}
