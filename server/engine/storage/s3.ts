import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { DeleteObjectCommand, HeadBucketCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { Failure } from "../../domain/errors.ts";
import type { S3StorageConfig } from "../../domain/storage.ts";
import { checkEndpoint } from "../endpoint.ts";
import { checkName, checkPrefix } from "./names.ts";
import { codeOf, explained } from "./s3-errors.ts";
import { get } from "./s3-get.ts";
import { look, named } from "./s3-look.ts";
import { put } from "./s3-put.ts";
import { type S3Options, type S3Service, s3Service } from "./s3-service.ts";
import { abortUploads } from "./s3-uploads.ts";
import type { Storage } from "./storage.ts";

/**
 * A storage in a bucket, or below a prefix of one, of Amazon S3 or a server that speaks its protocol. The bucket must be there.
 *
 * A put never overwrites where the server knows conditional writes; where it does not, two puts of one name at the same instant are told
 * apart only afterwards. On a bucket that keeps versions, `remove` leaves a marker: the name is gone, its bytes are kept until the bucket's
 * own rules remove them. Where an object lock refuses it, that is DELETE_DENIED. `sweep` aborts the unfinished uploads of everything below
 * the prefix, whoever began them. A put sends its own steps again, as nobody else could, and a stream that breaks goes on; all else is
 * asked once, and by `retrying` again.
 */
export function s3Storage(config: S3StorageConfig, secrets: { readonly secretAccessKey: string }, options: S3Options): Storage {
  if (config.endpoint !== null) checkEndpoint(config.endpoint, options.allowed);
  const service = s3Service(config, secrets.secretAccessKey, options);
  const storage: Storage = {
    put: async (name, bytes, options) => put(service, checkName(name), bytes, options),
    get: async (name, range) => get(service, checkName(name), range),
    size: async (name) => sizeOf(service.hasty, checkName(name)),
    list: (prefix) => list(service, checkPrefix(prefix), (name) => !probe.test(name)),
    remove: async (name) => remove(service, checkName(name)),
    async sweep(prefix) {
      await abortUploads(service.hasty, service.key(checkPrefix(prefix)));
      for await (const { name } of list(service, prefix, (name) => probe.test(name))) await remove(service, name);
    },
    free: async () => null,
    check: () => check(service.hasty, storage),
  };
  return storage;
}

/** What `check` writes; never listed. */
const probe = /(^|\/)\.holdfast-[0-9a-f]{16}\.part$/;

async function sizeOf(service: S3Service, name: string): Promise<number | null> {
  const there = await look(service, service.key(name));
  if (there) return there.ContentLength ?? null;
  // Absent, or the whole bucket is.
  const command = new HeadBucketCommand({ Bucket: service.place.bucket });
  try {
    await service.repeat((options) => service.client.send(command, options));
  } catch (error) {
    throw await named(service, error);
  }
  return null;
}

async function* list(
  service: S3Service,
  prefix: string,
  wanted: (name: string) => boolean,
): AsyncGenerator<{ name: string; size: number }> {
  const Prefix = service.key(prefix);
  let from: string | undefined;
  for (;;) {
    const command = new ListObjectsV2Command({
      Bucket: service.place.bucket,
      ...(Prefix ? { Prefix } : {}),
      ...(from ? { ContinuationToken: from } : {}),
    });
    const page = await service.once((options) => service.client.send(command, options));
    for (const { Key, Size } of page.Contents ?? []) {
      const name = Key?.slice(service.prefix.length) ?? "";
      // Empty objects that stand for folders, and whatever else has a name that is none of ours.
      if (isName(name) && wanted(name)) yield { name, size: Size ?? 0 };
    }
    if (!page.IsTruncated) return;
    if (!page.NextContinuationToken || page.NextContinuationToken === from)
      throw new Failure(
        "STORAGE_UNAVAILABLE",
        `The storage ${service.place.shown} does not go on with its list.`,
        "Look at the server's log.",
      );
    from = page.NextContinuationToken;
  }
}

function isName(text: string): boolean {
  try {
    return checkName(text) === text;
  } catch {
    return false;
  }
}

async function remove(service: S3Service, name: string): Promise<void> {
  const command = new DeleteObjectCommand({ Bucket: service.place.bucket, Key: service.key(name) });
  try {
    await service.client.send(command, { abortSignal: AbortSignal.timeout(120_000) });
  } catch (error) {
    if (codeOf(error) === "NoSuchKey") return;
    throw /^(AccessDenied|ObjectLocked|InvalidRequest|MethodNotAllowed|AccessForbidden)$/.test(codeOf(error))
      ? denied(service, name, error)
      : explained(error, service.place);
  }
}

function denied(service: S3Service, name: string, error: unknown): Failure {
  const told = explained(error, service.place);
  return new Failure(
    "STORAGE_UNAVAILABLE",
    `The storage ${service.place.shown} does not let ${name} be deleted (${codeOf(error)}).`,
    "An object lock or a retention rule of the bucket may still hold it, or the access key may not delete. It is tried again by itself.",
    { reason: "DELETE_DENIED", cause: told },
  );
}

async function check(service: S3Service, storage: Storage): Promise<void> {
  const name = `.holdfast-${randomBytes(8).toString("hex")}.part`;
  const words = "Holdfast writes, reads, lists and removes this object to try the storage.\n";
  const wrong = (what: string) =>
    new Failure(
      "STORAGE_UNAVAILABLE",
      `The storage ${service.place.shown} ${what}.`,
      "Look at the server's log, and at what stands between it and this machine.",
    );
  await put(service, name, Readable.from([Buffer.from(words)]), { signal: AbortSignal.timeout(120_000) });
  let failed: { readonly error: unknown } | undefined;
  try {
    if ((await text(await storage.get(name))) !== words) throw wrong("gave back other bytes than were written");
    let listed = false;
    for await (const entry of list(service, "", (each) => each === name)) listed ||= entry.size === words.length;
    if (!listed) throw wrong("does not list what was written");
  } catch (error) {
    failed = { error };
  }
  await storage.remove(name).catch((error: unknown) => {
    failed ??= { error };
  });
  if (failed) throw failed.error;
}
