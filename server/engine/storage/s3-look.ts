import { HeadObjectCommand, type HeadObjectCommandOutput, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { explained, statusOf } from "./s3-errors.ts";
import type { S3Service } from "./s3-service.ts";

/** What the server says of a key; null when it has none such, or has no such bucket: the answer does not tell which. */
export async function look(service: S3Service, key: string, signal?: AbortSignal): Promise<HeadObjectCommandOutput | null> {
  const command = new HeadObjectCommand({ Bucket: service.place.bucket, Key: key });
  try {
    return await service.repeat((options) => service.client.send(command, options), signal ? { signal } : {});
  } catch (error) {
    if (statusOf(error) === 404) return null;
    signal?.throwIfAborted();
    throw await named(service, error);
  }
}

/** An error in words. The answer to a HEAD has no body to say which one it is, so the same is asked with one. */
export async function named(service: S3Service, error: unknown): Promise<unknown> {
  const command = new ListObjectsV2Command({ Bucket: service.place.bucket, MaxKeys: 1 });
  if (statusOf(error) !== null) await service.once((options) => service.client.send(command, options));
  return explained(error, service.place);
}
