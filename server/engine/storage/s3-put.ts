import { randomUUID } from "node:crypto";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  type PutObjectCommandOutput,
  UploadPartCommand,
  type UploadPartCommandOutput,
} from "@aws-sdk/client-s3";
import { Failure } from "../../domain/errors.ts";
import { abortable } from "../abortable.ts";
import { codeOf, explained, statusOf } from "./s3-errors.ts";
import { look } from "./s3-look.ts";
import { type HeldPart, mostParts, type Part, partsOf, reusedBuffers } from "./s3-parts.ts";
import type { S3Service } from "./s3-service.ts";
import { abortUploads } from "./s3-uploads.ts";

/** One file on its way. The mark is kept beside the object: it tells ours from somebody else's when an answer was lost. */
interface Upload {
  readonly service: S3Service;
  readonly key: string;
  readonly name: string;
  readonly mark: string;
  readonly signal: AbortSignal;
}

const markKey = "holdfast-put";

/**
 * Sends a file: in one piece where it is small, else in parts, of which three are in memory. Each piece is sent with its SHA-256 and MD5,
 * and what the server then says that it holds is compared. Where it fails, the server keeps neither an object nor a part.
 */
export async function put(service: S3Service, name: string, bytes: AsyncIterable<Uint8Array>, given: AbortSignal): Promise<void> {
  given.throwIfAborted();
  const stop = new AbortController();
  const upload: Upload = { service, key: service.key(name), name, mark: randomUUID(), signal: AbortSignal.any([given, stop.signal]) };
  const source = { failure: undefined as { readonly error: unknown } | undefined };
  try {
    await refuseTaken(upload);
    const buffers = reusedBuffers();
    const parts = partsOf(fromSource(abortable(bytes, upload.signal), source), service.partSizes, buffers);
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

const target = ({ service, key }: Upload) => ({ Bucket: service.place.bucket, Key: key });

/** Somebody else's object under this name is a conflict; the server is asked again right before ours would become visible. */
async function refuseTaken(upload: Upload): Promise<void> {
  if (await found(upload)) throw conflict(upload);
}

const conflict = ({ service, name }: Upload) =>
  new Failure(
    "CONFLICT",
    `The storage ${service.place.shown} already holds ${name}.`,
    "Nothing was overwritten. Remove that file first if it is not needed.",
  );

const found = ({ service, key, signal }: Upload) => look(service, key, signal);

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

async function putParts(
  upload: Upload,
  first: HeldPart,
  rest: AsyncIterable<HeldPart>,
  release: (part: HeldPart) => void,
  stop: AbortController,
): Promise<void> {
  const { service, mark, signal } = upload;
  const { client } = service;
  let created = 0;
  let uploadId: string | undefined;
  let published = false;
  try {
    const create = new CreateMultipartUploadCommand({
      ...target(upload),
      Metadata: { [markKey]: mark },
      ContentType: "application/octet-stream",
    });
    const answer = await service.repeat(
      (options) => {
        created += 1;
        return client.send(create, options);
      },
      { signal },
    );
    uploadId = answer.UploadId;
    if (!uploadId) throw odd(upload, "began no upload");
    const { parts, length } = await sendParts(upload, uploadId, first, rest, release, stop);
    await refuseTaken(upload);
    const complete = (IfNoneMatch: "*" | undefined) => {
      const command = new CompleteMultipartUploadCommand({
        ...target(upload),
        UploadId: uploadId,
        MultipartUpload: { Parts: parts },
        IfNoneMatch,
      });
      return service.repeat((options) => client.send(command, options), { signal });
    };
    published = true;
    const done = await publish(upload, complete);
    if (done && !done.ETag) throw odd(upload, "did not say that it has put the parts together");
    await checkStored(upload, length, done?.ETag);
  } catch (error) {
    if (uploadId) await abortUpload(upload, uploadId);
    if (published) await withdraw(upload);
    throw error;
  } finally {
    // The answer to a first try may have been lost: then the server keeps an upload that nobody knows.
    if (created > 1 || (created > 0 && !uploadId)) await abortUploads(service, upload.key, (key) => key === upload.key).catch(() => {});
  }
}

/** Sends parts while the next is filled: two at once while they are small, else one. */
async function sendParts(
  upload: Upload,
  uploadId: string,
  first: HeldPart,
  rest: AsyncIterable<HeldPart>,
  release: (part: HeldPart) => void,
  stop: AbortController,
) {
  const sending = new Set<Promise<void>>();
  const parts: { PartNumber: number; ETag: string }[] = [];
  let length = 0;
  let failed: { readonly error: unknown } | undefined;
  const start = (part: HeldPart) => {
    length += part.bytes.length;
    const sent: Promise<void> = sendPart(upload, uploadId, part)
      .then((ETag) => {
        parts[part.number - 1] = { PartNumber: part.number, ETag };
      })
      .catch((error: unknown) => {
        failed ??= { error };
        // The source may be silent: it is not waited for.
        stop.abort(new Error("Another part of the file failed."));
      })
      .finally(() => {
        sending.delete(sent);
        release(part);
      });
    sending.add(sent);
  };
  try {
    start(first);
    for await (const part of rest) {
      if (part.bytes.length > 0) start(part);
      else release(part);
      while (sending.size >= (part.bytes.length > twoAtOnceBytes ? 1 : 2)) await Promise.race(sending);
    }
  } catch (error) {
    failed ??= { error };
    stop.abort(new Error("The source of the file failed."));
  }
  await Promise.all(sending);
  if (failed) throw failed.error;
  return { parts, length };
}

const twoAtOnceBytes = 32 * 1024 ** 2;

async function sendPart(upload: Upload, uploadId: string, part: Part): Promise<string> {
  const { service, signal } = upload;
  if (part.number > mostParts)
    throw new Failure(
      "STORAGE_FULL",
      `The storage ${service.place.shown} takes no file as large as this.`,
      "Choose another kind of storage.",
    );
  service.hashes.set(part.bytes, part.sha256);
  const command = new UploadPartCommand({
    ...target(upload),
    UploadId: uploadId,
    PartNumber: part.number,
    Body: part.bytes,
    ContentMD5: base64(part.md5),
  });
  const answer = await service.repeat((options) => service.client.send(command, options), {
    signal,
    bytes: part.bytes.length,
  });
  checkTag(upload, answer, part);
  if (!answer.ETag) throw odd(upload, "took a part without naming it");
  return answer.ETag;
}

/**
 * Makes the object visible, never over another one: by a conditional write where the server knows those. Null when an earlier try had done
 * it, and only its answer was lost.
 */
async function publish<T>(upload: Upload, send: (ifNoneMatch: "*" | undefined) => Promise<T>): Promise<T | null> {
  try {
    return await sendOnlyIfAbsent(upload.service, send);
  } catch (error) {
    upload.signal.throwIfAborted();
    const there = await found(upload).catch(() => null);
    if (there?.Metadata?.[markKey] === upload.mark) return null;
    if (statusOf(error) === 412 || (statusOf(error) === 409 && there)) throw conflict(upload);
    throw error;
  }
}

async function sendOnlyIfAbsent<T>(service: S3Service, send: (ifNoneMatch: "*" | undefined) => Promise<T>): Promise<T> {
  if (!service.conditional) return send(undefined);
  try {
    return await send("*");
  } catch (error) {
    if (!knowsNoConditions(error)) throw error;
    const answer = await send(undefined);
    service.conditional = false;
    return answer;
  }
}

/** Servers say it in several ways; asked without the condition they then say whether it was that. */
const knowsNoConditions = (error: unknown) =>
  statusOf(error) === 501 ||
  (statusOf(error) === 400 && /^(InvalidArgument|InvalidRequest|NotImplemented|UnsupportedHeader)$/.test(codeOf(error)));

/** A tag that is an MD5 must be that of the bytes. Where the server encrypts with keys of its own it is something else. */
function checkTag(upload: Upload, answer: PutObjectCommandOutput | UploadPartCommandOutput, part: Part): void {
  const tag = /^"?([0-9a-f]{32})"?$/.exec(answer.ETag ?? "")?.[1];
  const encrypted = answer.SSECustomerAlgorithm !== undefined || (answer.ServerSideEncryption ?? "AES256") !== "AES256";
  if (tag && !encrypted && tag !== part.md5) throw differs(upload, `says that it holds other bytes than were sent`);
}

/** What counts in the end: the server shows the object, it is ours, and as long as what was sent. */
async function checkStored(upload: Upload, length: number, tag: string | undefined): Promise<void> {
  const there = await found(upload);
  if (!there) throw differs(upload, "does not show what it has just taken");
  const mark = there.Metadata?.[markKey];
  if (mark !== undefined && mark !== upload.mark) throw conflict(upload);
  if (there.ContentLength !== length) throw differs(upload, `kept ${there.ContentLength ?? "an unknown number"} of ${length} bytes`);
  if (tag && there.ETag && bare(tag) !== bare(there.ETag)) throw differs(upload, "shows another object than it has just taken");
}

const bare = (tag: string) => tag.replaceAll('"', "");

const differs = (upload: Upload, what: string) => odd(upload, what, "BYTES_DIFFER");
const odd = ({ service, name }: Upload, what: string, reason?: string) =>
  new Failure(
    "STORAGE_UNAVAILABLE",
    `The storage ${service.place.shown} ${what}: ${name}.`,
    "Nothing of it was kept. Look at the server's log, and at what stands between it and this machine.",
    reason ? { reason } : {},
  );

/** Whatever became of the put, the clean-up after it is not aborted with it; but it has an end. */
const cleanUp = () => AbortSignal.timeout(30_000);

async function abortUpload(upload: Upload, uploadId: string): Promise<void> {
  const { service } = upload;
  const command = new AbortMultipartUploadCommand({ ...target(upload), UploadId: uploadId });
  // What is left is swept another time: the error that led here counts.
  await service.repeat((options) => service.client.send(command, options), { signal: cleanUp() }).catch(() => {});
}

/** Removes the object if it is ours: it became visible, and its put fails all the same. */
async function withdraw(upload: Upload): Promise<void> {
  const { service } = upload;
  const signal = cleanUp();
  const there = await look(service, upload.key, signal).catch(() => null);
  if (there?.Metadata?.[markKey] !== upload.mark) return;
  await service.repeat((options) => service.client.send(new DeleteObjectCommand(target(upload)), options), { signal }).catch(() => {});
}

const base64 = (hex: string) => Buffer.from(hex, "hex").toString("base64");
