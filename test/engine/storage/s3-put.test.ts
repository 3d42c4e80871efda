import { buffer } from "node:stream/consumers";
import { AbortMultipartUploadCommand, CreateMultipartUploadCommand, PutObjectCommand, UploadPartCommand } from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { s3Storage } from "../../../server/engine/storage/s3.ts";
import type { S3Options } from "../../../server/engine/storage/s3-service.ts";
import {
  broken,
  busy,
  chunksOf,
  disturbedS3,
  impatient,
  large,
  nothing,
  partBytes,
  quick,
  small,
  still,
  tooMany,
} from "../../support/disturbed-s3.ts";
import {
  changes,
  cutsRequest,
  type Fault,
  losesAnswer,
  refuses,
  type S3Call,
  s3Front,
  stalls,
  takesSlowly,
} from "../../support/s3-faults.ts";
import { s3Keys } from "../../support/s3-server.ts";

const s3 = disturbedS3();

const failsComplete: Fault = async ({ request, response }) => {
  await buffer(request);
  response.writeHead(200, { "content-type": "application/xml" });
  response.end('<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>InternalError</Code><Message>We failed.</Message></Error>');
};

describe("a put to S3 that the server or the network disturbs", () => {
  it.each<[string, S3Call, Fault]>([
    ["500 to a part", "PutPart", broken],
    ["503 to a part", "PutPart", busy],
    ["429 to a part", "PutPart", tooMany],
    ["503 to the beginning of an upload", "BeginUpload", busy],
    ["500 to the end of an upload", "CompleteUpload", broken],
    ["200 with an error in it to the end of an upload", "CompleteUpload", failsComplete],
    ["503 to the look for the name", "Head", busy],
    ["a connection cut in the middle of a part", "PutPart", cutsRequest],
    ["a part's lost answer", "PutPart", losesAnswer],
    ["the lost answer to the beginning of an upload", "BeginUpload", losesAnswer],
    ["the lost answer to the end of an upload", "CompleteUpload", losesAnswer],
    ["a stall in the middle of a part", "PutPart", stalls],
  ])("goes on after %s, twice, and stores the whole file once", async (_, call, fault) => {
    const { put, read, held } = await s3.opened(fault === stalls ? impatient : quick);
    s3.front.next(call, fault, 2);
    await put(large);
    expect((await read()).equals(large)).toBe(true);
    expect(await held()).toEqual({ objects: ["a/b"], uploads: [] });
  });

  it.each<[string, Fault]>([
    ["503", busy],
    ["a cut connection", cutsRequest],
    ["a lost answer", losesAnswer],
  ])("stores a small file once after %s", async (_, fault) => {
    const { put, read, held } = await s3.opened();
    s3.front.next("Put", fault);
    await put(small);
    expect((await read()).equals(small)).toBe(true);
    expect(await held()).toEqual({ objects: ["a/b"], uploads: [] });
  });

  it.each<[string, S3Call, Fault, object, Partial<S3Options>?]>([
    ["500 to each part", "PutPart", broken, {}],
    ["503 to each part", "PutPart", busy, { reason: "SLOW_DOWN" }],
    ["each connection cut in the middle of a part", "PutPart", cutsRequest, { reason: "CONNECTION_LOST" }],
    ["a server that takes nothing", "PutPart", stalls, { reason: "NO_ANSWER" }],
    [
      "a server that takes 1 KB a second",
      "PutPart",
      takesSlowly(1000),
      { reason: "NO_ANSWER" },
      { tries: 1, completeMilliseconds: 2000, slowestBytesPerSecond: partBytes * 10 },
    ],
    ["200 with an error in it, to each end of the upload", "CompleteUpload", failsComplete, {}],
    [
      "another tag of a part than its MD5",
      "PutPart",
      changes(() => ({ headers: { etag: `"${"0".repeat(32)}"` } })),
      { reason: "BYTES_DIFFER" },
    ],
    ["no tag of a part", "PutPart", changes(() => ({ headers: {} })), {}],
    ["a refusal in the middle", "PutPart", refuses(403, "AccessDenied"), { reason: "ACCESS_DENIED" }],
    ["credentials that expire in the middle", "PutPart", refuses(400, "ExpiredToken"), { reason: "CREDENTIALS_REFUSED" }],
    ["a bucket that goes in the middle", "PutPart", refuses(404, "NoSuchBucket"), { reason: "BUCKET_MISSING" }],
    ["a quota that is reached in the middle", "PutPart", refuses(403, "QuotaExceeded"), { code: "STORAGE_FULL" }],
    ["507 in the middle", "PutPart", refuses(507, "InsufficientStorage"), { code: "STORAGE_FULL" }],
    ["a limit of size at the end", "CompleteUpload", refuses(400, "EntityTooLarge"), { code: "STORAGE_FULL" }],
  ])("fails on %s, and leaves neither an object nor a part", async (_, call, fault, failure, options = {}) => {
    const { put, held } = await s3.opened({ ...(fault === stalls ? impatient : quick), tries: 2, ...options });
    s3.front.next(call, fault, 100);
    await expect(put(large)).rejects.toMatchObject({ code: "STORAGE_UNAVAILABLE", ...failure });
    expect(s3.front.calls(call).length).toBeLessThan(10);
    expect(await held()).toEqual(nothing);
  });

  it.each([
    ["in one piece", small],
    ["in parts", large],
  ])("fails where the server shows another size or another tag than it took, sent %s, and takes it away", async (_, bytes) => {
    const { put, held } = await s3.opened();
    const once = async (change: Parameters<typeof changes>[0]) => {
      // Only what is asked about the stored object is changed: before it was there, there was nothing to change.
      s3.front.next(
        "Head",
        changes((answer) => (answer.status === 200 ? change(answer) : {})),
        3,
      );
      await expect(put(bytes)).rejects.toMatchObject({ code: "STORAGE_UNAVAILABLE", reason: "BYTES_DIFFER" });
      s3.front.calm();
      expect(await held()).toEqual(nothing);
    };
    await once(({ headers }) => ({ headers: { ...headers, "content-length": String(bytes.length - 1) } }));
    await once(({ headers }) => ({ headers: { ...headers, etag: '"of something else"' } }));
    await put(bytes);
  });

  it("leaves nothing when its source fails or it is aborted in the middle of the parts, even while the server is silent", async () => {
    const { storage, held } = await s3.opened();
    async function* failing() {
      yield large.subarray(0, 2 * partBytes + 5);
      throw new Error("disk unplugged");
    }
    await expect(storage.put("a/b", failing(), still())).rejects.toThrow("disk unplugged");
    expect(await held()).toEqual(nothing);
    const abort = new AbortController();
    const reason = new Error("cancelled by its user");
    s3.front.next("PutPart", () => abort.abort(reason), 2);
    await expect(storage.put("a/b", chunksOf(large), { signal: abort.signal })).rejects.toBe(reason);
    expect(await held()).toEqual(nothing);
  });

  it("stops at once when a part fails, even while its source is silent", async () => {
    const { storage, held } = await s3.opened({ ...quick, tries: 1 });
    s3.front.next("PutPart", broken);
    async function* silent() {
      yield large;
      await new Promise(() => {});
    }
    await expect(storage.put("a/b", silent(), still())).rejects.toMatchObject({ code: "STORAGE_UNAVAILABLE" });
    expect(await held()).toEqual(nothing);
  });

  it("overwrites nothing that came while it was sent: by the server's own condition, and by a look where the server knows none", async () => {
    for (const bytes of [small, large]) {
      const { put, config, read, held } = await s3.opened();
      // The other one comes after the last look, right before ours would become visible.
      const overtaken: Fault = async ({ response, forward }) => {
        await s3.server.client.send(new PutObjectCommand({ Bucket: config.bucket, Key: "a/b", Body: "theirs" }));
        const { status, headers, body } = await forward();
        response.writeHead(status, headers).end(body);
      };
      s3.front.next(bytes === small ? "Put" : "CompleteUpload", overtaken);
      await expect(put(bytes)).rejects.toMatchObject({ code: "CONFLICT" });
      expect((await read()).toString()).toBe("theirs");
      expect(await held()).toEqual({ objects: ["a/b"], uploads: [] });
    }
  });

  it("does without conditions once the server has refused one", async () => {
    const simple = await s3Front(Number(new URL(s3.server.simpleUrl).port));
    try {
      const config = await s3.server.bucket(simple.url);
      const storage = s3Storage(config, s3Keys, quick);
      for (const name of ["one", "two"]) await storage.put(name, chunksOf(small), still());
      expect(simple.calls("Put").map(({ headers }) => headers["if-none-match"])).toEqual(["*", undefined, undefined]);
      await expect(storage.put("two", chunksOf(small), still())).rejects.toMatchObject({ code: "CONFLICT" });
    } finally {
      simple.stop();
    }
  });

  it("proves each body by its SHA-256 and MD5, and frames none", async () => {
    const { put } = await s3.opened();
    await put(large);
    for (const { headers } of s3.front.calls("PutPart")) {
      expect(headers["content-md5"]).toMatch(/^[\w+/]{22}==$/);
      expect(headers["x-amz-content-sha256"]).toMatch(/^[0-9a-f]{64}$/);
      expect(headers["content-encoding"]).toBeUndefined();
    }
    expect(new Set(s3.front.calls("PutPart").map(({ headers }) => headers["x-amz-content-sha256"])).size).toBe(4);
  });

  it("sweeps what a killed process left, below the prefix only, and nothing that is whole", async () => {
    const { storage, config, put, held } = await s3.opened();
    await put(small);
    const begin = async (Key: string) => {
      const { UploadId } = await s3.server.client.send(new CreateMultipartUploadCommand({ Bucket: config.bucket, Key }));
      await s3.server.client.send(new UploadPartCommand({ Bucket: config.bucket, Key, UploadId, PartNumber: 1, Body: large }));
      return { Bucket: config.bucket, Key, UploadId };
    };
    await begin("a/c");
    await begin("a/c");
    const other = await begin("ab/c");
    await storage.sweep("a/");
    expect(await held()).toEqual({ objects: ["a/b"], uploads: ["ab/c"] });
    s3.front.next("AbortUpload", async ({ response, forward }) => {
      // Somebody else is quicker.
      await s3.server.client.send(new AbortMultipartUploadCommand(other));
      const { status, headers, body } = await forward();
      response.writeHead(status, headers).end(body);
    });
    await storage.sweep("");
    expect(await held()).toEqual({ objects: ["a/b"], uploads: [] });
    s3.front.next("ListUploads", refuses(501, "NotImplemented"));
    await storage.sweep("");
  });
});
