import { randomUUID } from "node:crypto";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { abortable } from "../abortable.ts";
import { explained } from "./s3-errors.ts";
import { putParts } from "./s3-multipart.ts";
import { type Part, partsOf, reusedBuffers } from "./s3-parts.ts";
import type { S3Service } from "./s3-service.ts";
import { base64, checkStored, checkTag, markKey, publish, refuseTaken, target, type Upload, withdraw } from "./s3-upload.ts";
import type { PutOptions } from "./storage.ts";

/**
 * Sends a file: in one piece where it is small, else in parts, of which three are in memory. Each piece is sent with its SHA-256 and MD5,
 * and what the server then says that it holds is compared. Where it fails, the server keeps neither an object nor a part.
 */
export async function put(service: S3Service, name: string, bytes: AsyncIterable<Uint8Array>, options: PutOptions): Promise<void> {
  const { signal: given, expected = null } = options;
  given.throwIfAborted();
  const stop = new AbortController();
  const upload: Upload = { service, key: service.key(name), name, mark: randomUUID(), signal: AbortSignal.any([given, stop.signal]) };
  const source = { failure: undefined as { readonly error: unknown } | undefined };
  try {
    await refuseTaken(upload);
    const buffers = reusedBuffers();
    const parts = partsOf(fromSource(abortable(bytes, upload.signal), source), service.partSizes(expected), buffers);
    const first = (await parts.next()).value;
    if (!first) throw new Error("A stream of parts has no end.");
    if (first.last) await putWhole(upload, first);
    else await putParts(upload, first, parts, (part) => buffers.give(part.buffer), stop);
  } catch (error) {
    given.throwIfAborted();
    // What the source fails at is none of this storage's.
    throw source.failure?.error === error ? error : explained(error, service.place);
  }
}

async function* fromSource(bytes: AsyncIterable<Uint8Array>, source: { failure: { readonly error: unknown } | undefined }) {
  try {
    yield* bytes;
  } catch (error) {
    source.failure = { error };
    throw error;
  }
}

async function putWhole(upload: Upload, part: Part): Promise<void> {
  const { service, mark, signal } = upload;
  service.hashes.set(part.bytes, part.sha256);
  await refuseTaken(upload);
  const send = (IfNoneMatch: "*" | undefined) => {
    const command = new PutObjectCommand({
      ...target(upload),
      Body: part.bytes,
      ContentMD5: base64(part.md5),
      Metadata: { [markKey]: mark },
      IfNoneMatch,
    });
    return service.repeat((options) => service.client.send(command, options), { signal, bytes: part.bytes.length });
  };
  try {
    const answer = await publish(upload, send);
    if (answer) checkTag(upload, answer, part);
    await checkStored(upload, part.bytes.length, answer?.ETag);
  } catch (error) {
    await withdraw(upload);
    throw error;
  }
}
