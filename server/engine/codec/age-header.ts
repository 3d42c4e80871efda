import { createCipheriv, createHmac, diffieHellman, generateKeyPairSync, hkdfSync, randomBytes } from "node:crypto";
import type { Identity } from "age-encryption";
import { Failure } from "../../domain/errors.ts";
import { publicKeyOf, recipientBytes } from "./age-keys.ts";

/** Loaded when something is opened, and not with every command. */
const library = () => import("age-encryption");

/** A header is a line of about a hundred bytes for each recipient; what is longer than this is none of ours. */
export const longestHeader = 64 * 1024;

/** Before the payload stand the header and these many random bytes. */
export const nonceBytes = 16;

/**
 * A new file key, and the header that gives it to each of the recipients (`age1…`, X25519). Made here, since the library
 * would take a fifth of a second for the first one of a process.
 */
export function sealFileKey(recipients: readonly string[]): { readonly header: Buffer; readonly fileKey: Buffer } {
  const fileKey = randomBytes(fileKeyBytes);
  const stanzas = recipients.map((recipient) => stanzaFor(recipientBytes(recipient), fileKey));
  const signed = `${version}\n${stanzas.join("")}---`;
  const mac = createHmac("sha256", derived(fileKey, Buffer.alloc(0), "header"))
    .update(signed)
    .digest();
  return { header: Buffer.from(`${signed} ${unpadded(mac)}\n`), fileKey };
}

const version = "age-encryption.org/v1";
const fileKeyBytes = 16;

/** The file key, encrypted under what a key made for this alone and the recipient's agree on. */
function stanzaFor(recipient: Buffer, fileKey: Buffer): string {
  const { privateKey, publicKey } = generateKeyPairSync("x25519");
  const share = Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url");
  const agreed = diffieHellman({ privateKey, publicKey: publicKeyOf(recipient) });
  const key = derived(agreed, Buffer.concat([share, recipient]), `${version}/X25519`);
  // Each such key is used once, so the nonce may always be the same.
  const cipher = createCipheriv("chacha20-poly1305", key, Buffer.alloc(12), { authTagLength: 16 });
  const body = Buffer.concat([cipher.update(fileKey), cipher.final(), cipher.getAuthTag()]);
  return `-> X25519 ${unpadded(share)}\n${unpadded(body)}\n`;
}

const derived = (secret: Buffer, salt: Buffer, what: string) => Buffer.from(hkdfSync("sha256", secret, salt, what, 32));
const unpadded = (bytes: Buffer) => bytes.toString("base64").replace(/=+$/, "");

/** The length of the header that these bytes begin with; null while its end is not among them. */
export function headerLength(bytes: Buffer): number | null {
  const last = bytes.indexOf("\n--- ");
  const end = last < 0 ? -1 : bytes.indexOf("\n", last + 1);
  return end < 0 ? null : end + 1;
}

/**
 * The file key that the header holds for one of the identities (`AGE-SECRET-KEY-1…`). A header that none of them opens is
 * KEY_MISSING; one that was altered ARTIFACT_CORRUPT.
 */
export async function openFileKey(header: Buffer, identities: readonly string[], name: string): Promise<Buffer> {
  const { Decrypter } = await library();
  const decrypter = new Decrypter();
  for (const identity of identities) decrypter.addIdentity(identity);
  let unmatched = false;
  const noneMatched: Identity = {
    unwrapFileKey() {
      unmatched = true;
      return null;
    },
  };
  decrypter.addIdentity(noneMatched);
  try {
    return Buffer.from(await decrypter.decryptHeader(header));
  } catch (cause) {
    if (!unmatched) throw alteredAge(name, "its header was altered", cause);
    throw new Failure(
      "KEY_MISSING",
      `${name} is encrypted, and no key at hand opens it.`,
      "Put the key file back that it was encrypted with.",
      {
        reason: "KEY_UNAVAILABLE",
        cause,
      },
    );
  }
}

/** The Failure for an encrypted file that is not what was written. */
export const alteredAge = (name: string, what: string, cause?: unknown) =>
  new Failure(
    "ARTIFACT_CORRUPT",
    `${name} is not what was stored: ${what}.`,
    "Restore another backup, and check the disk that the storage lies on.",
    { cause },
  );
