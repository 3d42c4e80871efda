import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject } from "node:crypto";

/** The payload is cut into chunks of these many bytes, the last one shorter; each grows by its tag. */
export const chunkBytes = 64 * 1024;
export const tagBytes = 16;
export const sealedBytes = chunkBytes + tagBytes;

const algorithm = "chacha20-poly1305";
const options = { authTagLength: tagBytes };

/** The payload's size as it was before it was encrypted; null when no payload has this size. */
export function plainSize(sealed: number): number | null {
  const chunks = Math.ceil(sealed / sealedBytes);
  const last = sealed - (chunks - 1) * sealedBytes;
  // Only the one chunk of an empty file is empty.
  return chunks === 0 || last < tagBytes || (last === tagBytes && chunks > 1) ? null : sealed - chunks * tagBytes;
}

/** The key of a file's payload. As bytes it would be made into this anew for each chunk, which costs a third of the speed. */
export const payloadKey = (fileKey: Buffer, nonce: Uint8Array): KeyObject =>
  createSecretKey(Buffer.from(hkdfSync("sha256", fileKey, nonce, "payload", 32)));

/**
 * Seals and opens the chunks of one file: ChaCha20-Poly1305 under the file's own key, the nonce made of the chunk's number and
 * of whether it is the last. So a chunk opens in its place alone, and a file that was cut or that goes on does not open.
 */
export class Payload {
  readonly #key: KeyObject;

  constructor(key: KeyObject) {
    this.#key = key;
  }

  /** The sealed chunk, in parts: its content, which may come in parts too, and its tag. */
  seal(plain: readonly Uint8Array[], number: number, last: boolean): Buffer[] {
    const cipher = createCipheriv(algorithm, this.#key, nonceOf(number, last), options);
    const parts = plain.map((part) => cipher.update(part));
    cipher.final();
    parts.push(cipher.getAuthTag());
    return parts;
  }

  /** The chunk's content; null when it is not the one that was sealed with this number, as the last or not. */
  open(sealed: Uint8Array, number: number, last: boolean): Buffer | null {
    if (sealed.length < tagBytes) return null;
    const end = sealed.length - tagBytes;
    const decipher = createDecipheriv(algorithm, this.#key, nonceOf(number, last), options);
    decipher.setAuthTag(sealed.subarray(end));
    const plain = decipher.update(sealed.subarray(0, end));
    try {
      decipher.final();
      return plain;
    } catch {
      return null;
    }
  }
}

/** Eleven bytes of number, big end first, and one that is 1 for the last chunk. */
function nonceOf(number: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(number, 5, 6);
  nonce[11] = last ? 1 : 0;
  return nonce;
}
