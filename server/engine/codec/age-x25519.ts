import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from "node:crypto";
import { base64nopad, bech32 } from "@scure/base";

/** A part of a header that holds the file key for one recipient. */
export interface Stanza {
  readonly words: readonly string[];
  readonly body: Buffer;
}

const kind = "X25519";
const [keyBytes, tagBytes] = [32, 16];
export const fileKeyBytes = 16;
const algorithm = "chacha20-poly1305";
/** Each key seals one thing only. */
const nonce = Buffer.alloc(12);

/** The file key for one recipient (`age1…`): a secret is agreed on with a key pair that is made for this alone. */
export function wrapFileKey(fileKey: Buffer, recipient: string): Stanza {
  const theirs = bech32.decodeToBytes(recipient);
  if (theirs.prefix !== "age" || theirs.bytes.length !== keyBytes) throw new Error("This is no recipient of the kind age1…");
  const own = generateKeyPairSync("x25519");
  const share = rawOf(own.publicKey.export({ type: "spki", format: "der" }));
  const secret = diffieHellman({ privateKey: own.privateKey, publicKey: publicKeyOf(theirs.bytes) });
  const cipher = createCipheriv(algorithm, wrappingKey(secret, share, theirs.bytes), nonce, { authTagLength: tagBytes });
  const body = Buffer.concat([cipher.update(fileKey), cipher.final(), cipher.getAuthTag()]);
  return { words: [kind, base64nopad.encode(share)], body };
}

/** The file key, where the stanza holds it for this identity; else null. Throws for a stanza that is none. */
export function unwrapFileKey({ words, body }: Stanza, privateKey: KeyObject): Buffer | null {
  if (words[0] !== kind) return null;
  const share = base64nopad.decode(words[1] ?? "");
  if (words.length !== 2 || share.length !== keyBytes || body.length !== fileKeyBytes + tagBytes)
    throw new Error("A stanza of the header has another length");
  const own = rawOf(createPublicKey(privateKey).export({ type: "spki", format: "der" }));
  const secret = diffieHellman({ privateKey, publicKey: publicKeyOf(share) });
  const decipher = createDecipheriv(algorithm, wrappingKey(secret, share, own), nonce, { authTagLength: tagBytes });
  decipher.setAuthTag(body.subarray(fileKeyBytes));
  const fileKey = decipher.update(body.subarray(0, fileKeyBytes));
  try {
    decipher.final();
    return fileKey;
  } catch {
    return null;
  }
}

/** The key that an identity (`AGE-SECRET-KEY-1…`) is. */
export function identityKey(identity: string): KeyObject {
  const { prefix, bytes } = bech32.decodeToBytes(identity);
  if (prefix.toUpperCase() !== "AGE-SECRET-KEY-" || bytes.length !== keyBytes)
    throw new Error("This is no identity of the kind AGE-SECRET-KEY-1…");
  return createPrivateKey({ key: Buffer.concat([privateHead, bytes]), format: "der", type: "pkcs8" });
}

const wrappingKey = (secret: Uint8Array, share: Uint8Array, recipient: Uint8Array) =>
  Buffer.from(hkdfSync("sha256", secret, Buffer.concat([share, recipient]), "age-encryption.org/v1/X25519", 32));

/** What stands in front of the 32 bytes of a key in DER (RFC 8410). */
const [privateHead, publicHead] = [Buffer.from("302e020100300506032b656e04220420", "hex"), Buffer.from("302a300506032b656e032100", "hex")];
const rawOf = (der: Buffer) => der.subarray(publicHead.length);
const publicKeyOf = (raw: Uint8Array) => createPublicKey({ key: Buffer.concat([publicHead, raw]), format: "der", type: "spki" });
