import { DeleteObjectCommand, type PutObjectCommandOutput, type UploadPartCommandOutput } from "@aws-sdk/client-s3";
import { Failure } from "../../domain/errors.ts";
import { codeOf, statusOf } from "./s3-errors.ts";
import { look } from "./s3-look.ts";
import type { Part } from "./s3-parts.ts";
import type { S3Service } from "./s3-service.ts";

/** One file on its way. The mark is kept beside the object: it tells ours from somebody else's when an answer was lost. */
export interface Upload {
  readonly service: S3Service;
  readonly key: string;
  readonly name: string;
  readonly mark: string;
  readonly signal: AbortSignal;
}

export const markKey = "holdfast-put";

export const target = ({ service, key }: Upload) => ({ Bucket: service.place.bucket, Key: key });

/** Somebody else's object under this name is a conflict; the server is asked again right before ours would become visible. */
export async function refuseTaken(upload: Upload): Promise<void> {
  if (await found(upload)) throw conflict(upload);
}

const conflict = ({ service, name }: Upload) =>
  new Failure(
    "CONFLICT",
    `The storage ${service.place.shown} already holds ${name}.`,
    "Nothing was overwritten. Remove that file first if it is not needed.",
  );

const found = ({ service, key, signal }: Upload) => look(service, key, signal);

/**
 * Makes the object visible, never over another one: by a conditional write where the server knows those. Null when an earlier try had done
 * it, and only its answer was lost.
 */
export async function publish<T>(upload: Upload, send: (ifNoneMatch: "*" | undefined) => Promise<T>): Promise<T | null> {
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
export function checkTag(upload: Upload, answer: PutObjectCommandOutput | UploadPartCommandOutput, part: Part): void {
  const tag = /^"?([0-9a-f]{32})"?$/.exec(answer.ETag ?? "")?.[1];
  const encrypted = answer.SSECustomerAlgorithm !== undefined || (answer.ServerSideEncryption ?? "AES256") !== "AES256";
  if (tag && !encrypted && tag !== part.md5) throw differs(upload, `says that it holds other bytes than were sent`);
}

/** What counts in the end: the server shows the object, it is ours, and as long as what was sent. */
export async function checkStored(upload: Upload, length: number, tag: string | undefined): Promise<void> {
  const there = await found(upload);
  if (!there) throw differs(upload, "does not show what it has just taken");
  const mark = there.Metadata?.[markKey];
  if (mark !== undefined && mark !== upload.mark) throw conflict(upload);
  if (there.ContentLength !== length) throw differs(upload, `kept ${there.ContentLength ?? "an unknown number"} of ${length} bytes`);
  if (tag && there.ETag && bare(tag) !== bare(there.ETag)) throw differs(upload, "shows another object than it has just taken");
}

const bare = (tag: string) => tag.replaceAll('"', "");

const differs = (upload: Upload, what: string) => odd(upload, what, "BYTES_DIFFER");
export const odd = ({ service, name }: Upload, what: string, reason?: string) =>
  new Failure(
    "STORAGE_UNAVAILABLE",
    `The storage ${service.place.shown} ${what}: ${name}.`,
    "Nothing of it was kept. Look at the server's log, and at what stands between it and this machine.",
    reason ? { reason } : {},
  );

/** Whatever became of the put, the clean-up after it is not aborted with it; but it has an end. */
export const cleanUp = () => AbortSignal.timeout(30_000);

/** Removes the object if it is ours: it became visible, and its put fails all the same. */
export async function withdraw(upload: Upload): Promise<void> {
  const { service } = upload;
  const signal = cleanUp();
  const there = await look(service, upload.key, signal).catch(() => null);
  if (there?.Metadata?.[markKey] !== upload.mark) return;
  await service.repeat((options) => service.client.send(new DeleteObjectCommand(target(upload)), options), { signal }).catch(() => {});
}

export const base64 = (hex: string) => Buffer.from(hex, "hex").toString("base64");
