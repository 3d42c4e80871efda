import { randomBytes } from "node:crypto";
import { alteredAge, headerLength, longestHeader, nonceBytes, openFileKey, type SealedKey, sealFileKey } from "./age-header.ts";
import { payloadKey } from "./age-payload.ts";
import { Sealer } from "./age-sealer.ts";
import type { Digests, PayloadWork } from "./age-slab.ts";
import { throughThread } from "./age-thread.ts";
import type { Codec } from "./decompress.ts";

/**
 * Encrypts a stream to all of the recipients, in the format age-encryption.org/v1, which the stock program `age` opens with
 * the identity of any of them. The payload goes through node's own ciphers, and unless it is small through a thread: it would
 * starve the event loop. `told` is given the checksums of what came and of what is to be stored before the last of that comes.
 */
export function encryptAge(recipients: readonly string[], told: (digests: Digests) => void = () => {}): Codec {
  return async function* (source) {
    const work = beginning(await sealFileKey(recipients));
    yield work.head;
    for await (const sealed of throughThread({ ...work, sumsInside: true }, source, told)) if (sealed) yield sealed;
  };
}

/**
 * The same with a file key that was sealed already, which is of no use afterwards; at once, for a thread that has nothing else to
 * do, and without copying what comes, some pieces at a time. Gives what is to be stored as about a megabyte of parts at a time.
 */
export async function* sealWith(key: SealedKey, source: AsyncIterable<readonly Uint8Array[]>): AsyncGenerator<readonly Uint8Array[], void> {
  const { head, key: payload } = beginning(key);
  yield [head];
  const sealer = new Sealer(payload);
  for await (const pieces of source) yield* sealer.seal(pieces);
  yield sealer.end();
}

/** A payload to work on, before it is known which checksums are wanted. */
type Beginning = Omit<PayloadWork, "sumsInside">;

function beginning({ header, fileKey }: SealedKey): Beginning {
  const nonce = randomBytes(nonceBytes);
  const key = payloadKey(fileKey, nonce);
  fileKey.fill(0);
  return { direction: "seal", key, head: Uint8Array.from([...header, ...nonce]) };
}

/**
 * Undoes `encryptAge` with one of the identities; `name` is the file's in a Failure. What was altered, cut or added to is
 * ARTIFACT_CORRUPT. `told` is given the checksums of what came, and with `sumsInside` of what was in it, before the last of that comes.
 */
export function decryptAge(
  identities: readonly string[],
  name: string,
  { told = () => {}, sumsInside = false }: { readonly told?: (digests: Digests) => void; readonly sumsInside?: boolean } = {},
): Codec {
  return async function* (source) {
    const begun = await begin(source, identities, name);
    for await (const plain of throughThread({ ...begun.work, sumsInside }, begun.rest, told)) {
      if (!plain) throw alteredAge(name, "a part of it was altered, or it was cut off or added to");
      yield plain;
    }
  };
}

/** Reads the header; what goes on after it is the payload. */
async function begin(source: AsyncIterable<Uint8Array>, identities: readonly string[], name: string) {
  const pieces = source[Symbol.asyncIterator]();
  try {
    return await readHead(pieces, identities, name);
  } catch (error) {
    await pieces.return?.();
    throw error;
  }
}

async function readHead(pieces: AsyncIterator<Uint8Array>, identities: readonly string[], name: string) {
  let bytes = Buffer.alloc(0);
  let length: number | null = null;
  while (length === null || bytes.length < length + nonceBytes) {
    const step = await pieces.next();
    if (step.done) throw alteredAge(name, "it is cut off in its header");
    bytes = Buffer.concat([bytes, step.value]);
    length = headerLength(bytes.subarray(0, longestHeader));
    if (length === null && bytes.length >= longestHeader) throw alteredAge(name, "it does not begin with the header of an encrypted file");
  }
  const payload = length + nonceBytes;
  const fileKey = await openFileKey(bytes.subarray(0, length), identities, name);
  const work: Beginning = {
    ...{ direction: "open", key: payloadKey(fileKey, bytes.subarray(length, payload)) },
    head: Uint8Array.from(bytes.subarray(0, payload)),
  };
  fileKey.fill(0);
  return { work, rest: rest(bytes.subarray(payload), pieces) };
}

async function* rest(first: Uint8Array, pieces: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  try {
    yield first;
    for (let step = await pieces.next(); !step.done; step = await pieces.next()) yield step.value;
  } finally {
    await pieces.return?.();
  }
}
