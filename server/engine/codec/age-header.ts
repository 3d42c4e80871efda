import type { Identity } from "age-encryption";
import { Failure } from "../../domain/errors.ts";

/** Loaded when something is encrypted or opened, and not with every command. */
const library = () => import("age-encryption");

/** A header is a line of about a hundred bytes for each recipient; what is longer than this is none of ours. */
export const longestHeader = 64 * 1024;

/** Before the payload stand the header and these many random bytes. */
export const nonceBytes = 16;

/** A new file key, and the header that gives it to each of the recipients (`age1…`). */
export async function sealFileKey(recipients: readonly string[]): Promise<SealedKey> {
  const { Encrypter } = await library();
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  let fileKey = Buffer.alloc(0);
  encrypter.addRecipient({
    wrapFileKey(key) {
      fileKey = Buffer.from(key);
      return [];
    },
  });
  // Of this empty file only the header is used: what the library would make of the payload starves the event loop.
  const empty = Buffer.from(await encrypter.encrypt(new Uint8Array(0)));
  return { header: empty.subarray(0, headerLength(empty) ?? 0), fileKey };
}

/** What one file is encrypted with; the file key is a secret. */
export interface SealedKey {
  readonly header: Buffer;
  readonly fileKey: Buffer;
}

/** The same in base64, as a process of ours that encrypts a file is told it. */
export interface KeyText {
  readonly header: string;
  readonly fileKey: string;
}

/** A new file key for such a process: a secret, for its standard input and no other place. */
export async function sealFileKeyAsText(recipients: readonly string[]): Promise<KeyText> {
  const { header, fileKey } = await sealFileKey(recipients);
  const text = { header: header.toString("base64"), fileKey: fileKey.toString("base64") };
  fileKey.fill(0);
  return text;
}

export const keyOfText = ({ header, fileKey }: KeyText): SealedKey => ({
  header: Buffer.from(header, "base64"),
  fileKey: Buffer.from(fileKey, "base64"),
});

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
