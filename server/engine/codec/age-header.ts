import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto";
import { base64nopad } from "@scure/base";
import { Failure } from "../../domain/errors.ts";
import { fileKeyBytes, identityKey, type Stanza, unwrapFileKey, wrapFileKey } from "./age-x25519.ts";

/** A header is a line of about a hundred bytes for each recipient; what is longer than this is none of ours. */
export const longestHeader = 64 * 1024;

/** Before the payload stand the header and these many random bytes. */
export const nonceBytes = 16;

/**
 * A new file key, and the header that gives it to each of the recipients (`age1…`). With node's own curve, not with the age
 * library: that one takes a tenth of a second to be loaded, in each process that seals something.
 */
export function sealFileKey(recipients: readonly string[]): { readonly header: Buffer; readonly fileKey: Buffer } {
  const fileKey = randomBytes(fileKeyBytes);
  const stanzas = recipients.map((recipient) => wrapFileKey(fileKey, recipient));
  const lines = stanzas.flatMap(({ words, body }) => [`-> ${words.join(" ")}`, base64nopad.encode(body)]);
  const proved = [version, ...lines, "---"].join("\n");
  return { header: Buffer.from(`${proved} ${base64nopad.encode(macOf(proved, fileKey))}\n`), fileKey };
}

const version = "age-encryption.org/v1";

const macOf = (proved: string, fileKey: Buffer) =>
  createHmac("sha256", Buffer.from(hkdfSync("sha256", fileKey, "", "header", 32)))
    .update(proved, "latin1")
    .digest();

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
export function openFileKey(header: Buffer, identities: readonly string[], name: string): Buffer {
  const keys = identities.map(identityKey);
  let fileKey: Buffer | null = null;
  try {
    const { stanzas, proved, mac } = parsed(header.toString("latin1"));
    for (const key of keys) for (const stanza of stanzas) fileKey ??= unwrapFileKey(stanza, key);
    if (fileKey && timingSafeEqual(macOf(proved, fileKey), mac)) return fileKey;
  } catch (cause) {
    throw alteredAge(name, "its header was altered", cause);
  }
  if (fileKey) throw alteredAge(name, "its header was altered");
  throw new Failure(
    "KEY_MISSING",
    `${name} is encrypted, and no key at hand opens it.`,
    "Put the key file back that it was encrypted with.",
    {
      reason: "KEY_UNAVAILABLE",
    },
  );
}

/** The parts of a header: what its proof covers, and the proof. Throws for one that is written in another way than all are. */
function parsed(header: string): { readonly stanzas: Stanza[]; readonly proved: string; readonly mac: Buffer } {
  const lines = header.split("\n");
  const last = lines.findIndex((line) => line.startsWith("--- "));
  if (lines[0] !== version || last < 1) throw new Error("It is no header of this version");
  const stanzas: Stanza[] = [];
  for (let at = 1; at < last; ) {
    const [arrow, ...words] = (lines[at++] ?? "").split(" ");
    if (arrow !== "->" || words.length === 0 || words.includes("")) throw new Error("A stanza does not begin as one");
    const body: Uint8Array[] = [];
    // A line that is shorter than the others, or empty, ends a body.
    for (let isEnd = false; !isEnd; at += 1) {
      const line = base64nopad.decode(at < last ? (lines[at] ?? "") : "-");
      if (line.length > bodyLine) throw new Error("A line of a stanza is too long");
      body.push(line);
      isEnd = line.length < bodyLine;
    }
    stanzas.push({ words, body: Buffer.concat(body) });
  }
  const proof = lines[last] ?? "";
  const mac = Buffer.from(base64nopad.decode(proof.slice(4)));
  if (mac.length !== macBytes) throw new Error("Its proof has another length");
  return { stanzas, proved: `${lines.slice(0, last).join("\n")}\n---`, mac };
}

const [bodyLine, macBytes] = [48, 32];

/** The Failure for an encrypted file that is not what was written. */
export const alteredAge = (name: string, what: string, cause?: unknown) =>
  new Failure(
    "ARTIFACT_CORRUPT",
    `${name} is not what was stored: ${what}.`,
    "Restore another backup, and check the disk that the storage lies on.",
    { cause },
  );
