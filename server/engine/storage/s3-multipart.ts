import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { Failure } from "../../domain/errors.ts";
import { type HeldPart, mostParts, type Part } from "./s3-parts.ts";
import { base64, checkStored, checkTag, cleanUp, markKey, odd, publish, refuseTaken, target, type Upload, withdraw } from "./s3-upload.ts";
import { abortUploads } from "./s3-uploads.ts";

/** Sends a file in parts and has the server put them together. Where it fails, the server keeps neither the object nor a part. */
export async function putParts(
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

async function abortUpload(upload: Upload, uploadId: string): Promise<void> {
  const { service } = upload;
  const command = new AbortMultipartUploadCommand({ ...target(upload), UploadId: uploadId });
  // What is left is swept another time: the error that led here counts.
  await service.repeat((options) => service.client.send(command, options), { signal: cleanUp() }).catch(() => {});
}
