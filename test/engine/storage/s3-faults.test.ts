import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import { AbortMultipartUploadCommand, CreateMultipartUploadCommand, PutObjectCommand, UploadPartCommand } from "@aws-sdk/client-s3";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Failure, messageOf } from "../../../server/domain/errors.ts";
import { retrying } from "../../../server/engine/storage/retrying.ts";
import { s3Storage } from "../../../server/engine/storage/s3.ts";
import type { S3Options } from "../../../server/engine/storage/s3-service.ts";
import { all } from "../../support/all.ts";
import { listener } from "../../support/listener.ts";
import {
  changes,
  cutsAnswerAfter,
  cutsRequest,
  type Fault,
  losesAnswer,
  refuses,
  type S3Call,
  type S3Front,
  s3Front,
  stalls,
  stallsAnswerAfter,
  takesSlowly,
} from "../../support/s3-faults.ts";
import { type S3Server, s3Keys, s3Server } from "../../support/s3-server.ts";

let server: S3Server;
let front: S3Front;
beforeAll(async () => {
  server = await s3Server();
  front = await s3Front(server.port);
});
afterEach(() => front.calm());
afterAll(async () => {
  front.stop();
  await server.stop();
});

const partBytes = 256 * 1024;
const quick: S3Options = { allowed: ["127.0.0.1"], firstWaitMilliseconds: 1, partSizes: () => () => partBytes };
const impatient: S3Options = { ...quick, idleMilliseconds: 1000 };
const still = () => ({ signal: new AbortController().signal });
const small = Buffer.from("a manifest");
// Three full parts and a bit.
const large = randomBytes(3 * partBytes + 1000);
const chunksOf = (bytes: Buffer) =>
  Readable.from(Array.from({ length: Math.ceil(bytes.length / 100_000) }, (_, n) => bytes.subarray(n * 100_000, (n + 1) * 100_000)));
const nothing = { objects: [], uploads: [] };

async function opened(options: S3Options = quick) {
  const config = await server.bucket(front.url);
  const storage = s3Storage(config, s3Keys, options);
  return {
    config,
    storage,
    put: (bytes: Buffer) => storage.put("a/b", chunksOf(bytes), still()),
    read: async () => buffer(await s3Storage({ ...config, endpoint: server.url }, s3Keys, quick).get("a/b")),
    held: () => server.held(config),
  };
}

const busy = refuses(503, "SlowDown");
const broken = refuses(500, "InternalError");
const tooMany = refuses(429, "TooManyRequests");
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
    const { put, read, held } = await opened(fault === stalls ? impatient : quick);
    front.next(call, fault, 2);
    await put(large);
    expect((await read()).equals(large)).toBe(true);
    expect(await held()).toEqual({ objects: ["a/b"], uploads: [] });
  });

  it.each<[string, Fault]>([
    ["503", busy],
    ["a cut connection", cutsRequest],
    ["a lost answer", losesAnswer],
  ])("stores a small file once after %s", async (_, fault) => {
    const { put, read, held } = await opened();
    front.next("Put", fault);
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
    const { put, held } = await opened({ ...(fault === stalls ? impatient : quick), tries: 2, ...options });
    front.next(call, fault, 100);
    await expect(put(large)).rejects.toMatchObject({ code: "STORAGE_UNAVAILABLE", ...failure });
    expect(front.calls(call).length).toBeLessThan(10);
    expect(await held()).toEqual(nothing);
  });

  it.each([
    ["in one piece", small],
    ["in parts", large],
  ])("fails where the server shows another size or another tag than it took, sent %s, and takes it away", async (_, bytes) => {
    const { put, held } = await opened();
    const once = async (change: Parameters<typeof changes>[0]) => {
      // Only what is asked about the stored object is changed: before it was there, there was nothing to change.
      front.next(
        "Head",
        changes((answer) => (answer.status === 200 ? change(answer) : {})),
        3,
      );
      await expect(put(bytes)).rejects.toMatchObject({ code: "STORAGE_UNAVAILABLE", reason: "BYTES_DIFFER" });
      front.calm();
      expect(await held()).toEqual(nothing);
    };
    await once(({ headers }) => ({ headers: { ...headers, "content-length": String(bytes.length - 1) } }));
    await once(({ headers }) => ({ headers: { ...headers, etag: '"of something else"' } }));
    await put(bytes);
  });

  it("leaves nothing when its source fails or it is aborted in the middle of the parts, even while the server is silent", async () => {
    const { storage, held } = await opened();
    async function* failing() {
      yield large.subarray(0, 2 * partBytes + 5);
      throw new Error("disk unplugged");
    }
    await expect(storage.put("a/b", failing(), still())).rejects.toThrow("disk unplugged");
    expect(await held()).toEqual(nothing);
    const abort = new AbortController();
    const reason = new Error("cancelled by its user");
    front.next("PutPart", () => abort.abort(reason), 2);
    await expect(storage.put("a/b", chunksOf(large), { signal: abort.signal })).rejects.toBe(reason);
    expect(await held()).toEqual(nothing);
  });

  it("stops at once when a part fails, even while its source is silent", async () => {
    const { storage, held } = await opened({ ...quick, tries: 1 });
    front.next("PutPart", broken);
    async function* silent() {
      yield large;
      await new Promise(() => {});
    }
    await expect(storage.put("a/b", silent(), still())).rejects.toMatchObject({ code: "STORAGE_UNAVAILABLE" });
    expect(await held()).toEqual(nothing);
  });

  it("overwrites nothing that came while it was sent: by the server's own condition, and by a look where the server knows none", async () => {
    for (const bytes of [small, large]) {
      const { put, config, read, held } = await opened();
      // The other one comes after the last look, right before ours would become visible.
      const overtaken: Fault = async ({ response, forward }) => {
        await server.client.send(new PutObjectCommand({ Bucket: config.bucket, Key: "a/b", Body: "theirs" }));
        const { status, headers, body } = await forward();
        response.writeHead(status, headers).end(body);
      };
      front.next(bytes === small ? "Put" : "CompleteUpload", overtaken);
      await expect(put(bytes)).rejects.toMatchObject({ code: "CONFLICT" });
      expect((await read()).toString()).toBe("theirs");
      expect(await held()).toEqual({ objects: ["a/b"], uploads: [] });
    }
  });

  it("does without conditions once the server has refused one", async () => {
    const simple = await s3Front(Number(new URL(server.simpleUrl).port));
    try {
      const config = await server.bucket(simple.url);
      const storage = s3Storage(config, s3Keys, quick);
      for (const name of ["one", "two"]) await storage.put(name, chunksOf(small), still());
      expect(simple.calls("Put").map(({ headers }) => headers["if-none-match"])).toEqual(["*", undefined, undefined]);
      await expect(storage.put("two", chunksOf(small), still())).rejects.toMatchObject({ code: "CONFLICT" });
    } finally {
      simple.stop();
    }
  });

  it("proves each body by its SHA-256 and MD5, and frames none", async () => {
    const { put } = await opened();
    await put(large);
    for (const { headers } of front.calls("PutPart")) {
      expect(headers["content-md5"]).toMatch(/^[\w+/]{22}==$/);
      expect(headers["x-amz-content-sha256"]).toMatch(/^[0-9a-f]{64}$/);
      expect(headers["content-encoding"]).toBeUndefined();
    }
    expect(new Set(front.calls("PutPart").map(({ headers }) => headers["x-amz-content-sha256"])).size).toBe(4);
  });

  it("sweeps what a killed process left, below the prefix only, and nothing that is whole", async () => {
    const { storage, config, put, held } = await opened();
    await put(small);
    const begin = async (Key: string) => {
      const { UploadId } = await server.client.send(new CreateMultipartUploadCommand({ Bucket: config.bucket, Key }));
      await server.client.send(new UploadPartCommand({ Bucket: config.bucket, Key, UploadId, PartNumber: 1, Body: large }));
      return { Bucket: config.bucket, Key, UploadId };
    };
    await begin("a/c");
    await begin("a/c");
    const other = await begin("ab/c");
    await storage.sweep("a/");
    expect(await held()).toEqual({ objects: ["a/b"], uploads: ["ab/c"] });
    front.next("AbortUpload", async ({ response, forward }) => {
      // Somebody else is quicker.
      await server.client.send(new AbortMultipartUploadCommand(other));
      const { status, headers, body } = await forward();
      response.writeHead(status, headers).end(body);
    });
    await storage.sweep("");
    expect(await held()).toEqual({ objects: ["a/b"], uploads: [] });
    front.next("ListUploads", refuses(501, "NotImplemented"));
    await storage.sweep("");
  });
});

describe("a get from S3", () => {
  it("goes on where it was cut or stalled, asking for the same object", async () => {
    const { storage, put } = await opened(impatient);
    await put(large);
    front.calm();
    front.next("Get", cutsAnswerAfter(100_000));
    front.next("Get", stallsAnswerAfter(100_000));
    front.next("Get", busy);
    expect((await buffer(await storage.get("a/b"))).equals(large)).toBe(true);
    const [, second, third] = front.calls("Get");
    expect(second?.headers.range).toMatch(/^bytes=[1-9]\d*-787431$/);
    expect(third?.headers["if-match"]).toMatch(/^"[0-9a-f]{32}-4"$/);
    front.next("Get", cutsAnswerAfter(10));
    const piece = await buffer(await storage.get("a/b", { start: 5, end: 300_004 }));
    expect(piece.equals(large.subarray(5, 300_005))).toBe(true);
  });

  it("does not take the rest of another object for the rest of this one", async () => {
    const { storage, put, config } = await opened();
    await put(large);
    front.next("Get", async ({ request, response, forward }) => {
      const answer = await forward();
      await server.client.send(new PutObjectCommand({ Bucket: config.bucket, Key: "a/b", Body: randomBytes(large.length) }));
      await cutsAnswerAfter(100_000)({ request, response, forward: async () => answer });
    });
    await expect(buffer(await storage.get("a/b"))).rejects.toMatchObject({ code: "STORAGE_UNAVAILABLE", reason: "OBJECT_CHANGED" });
  });

  it("gives up after breaks without a byte between them, and does not take a whole file for a range of it", async () => {
    const { storage, put } = await opened({ ...quick, tries: 2 });
    await put(large);
    front.next("Get", cutsAnswerAfter(100_000));
    front.next("Get", cutsAnswerAfter(0), 100);
    await expect(buffer(await storage.get("a/b"))).rejects.toMatchObject({ code: "STORAGE_UNAVAILABLE", reason: "CONNECTION_LOST" });
    front.calm();
    front.next(
      "Get",
      changes(({ headers: { "content-range": _, ...headers } }) => ({ status: 200, headers })),
    );
    await expect(storage.get("a/b", { start: 10 })).rejects.toMatchObject({ code: "STORAGE_UNAVAILABLE" });
  });
});

describe("what goes wrong with S3, in words", () => {
  const date = (minutes: number) => new Date(Date.now() + minutes * 60_000).toUTCString();
  const everywhere: readonly S3Call[] = ["Put", "Get", "Head", "HeadBucket", "List", "ListUploads", "Delete"];

  it.each<[string, Fault, object]>([
    ["403", refuses(403, "AccessDenied"), { reason: "ACCESS_DENIED", hint: expect.stringContaining("list the bucket") }],
    ["an expired token", refuses(400, "ExpiredToken"), { reason: "CREDENTIALS_REFUSED", message: expect.stringContaining("expired") }],
    [
      "a clock that differs",
      refuses(403, "RequestTimeTooSkewed", { headers: { date: date(-20) } }),
      { reason: "CLOCK_SKEW", message: expect.stringMatching(/this machine's is (19|20|21) minutes ahead/) },
    ],
    [
      "a bucket elsewhere",
      refuses(301, "PermanentRedirect", { headers: { "x-amz-bucket-region": "eu-west-3" } }),
      { reason: "WRONG_REGION", message: expect.stringContaining("eu-west-3"), hint: expect.stringContaining("eu-west-3") },
    ],
    ["a full server", refuses(507, "XMinioStorageFull"), { code: "STORAGE_FULL" }],
    [
      "a server that says what is secret",
      refuses(403, "AccessDenied", { message: `Key ${s3Keys.secretAccessKey} is no good.` }),
      { reason: "ACCESS_DENIED" },
    ],
  ])("names %s, whatever is asked, and shows nothing secret", async (_, fault, failure) => {
    const { storage } = await opened({ ...quick, tries: 2 });
    for (const call of everywhere) front.next(call, fault, 100);
    const ask: readonly (() => Promise<unknown>)[] = [
      () => storage.put("a", chunksOf(small), still()),
      () => storage.get("a"),
      () => storage.size("a"),
      () => all(storage.list("")),
      () => storage.check(),
    ];
    for (const one of ask) {
      const error = await one().catch((failed: Failure) => failed);
      expect(error).toMatchObject({ code: "STORAGE_UNAVAILABLE", hint: expect.any(String), ...failure });
      expect([messageOf(error), (error as Failure).hint, messageOf((error as Failure).cause)].join()).not.toContain(s3Keys.secretAccessKey);
    }
  });

  it("names a wrong key, a wrong secret, a wrong region and a missing bucket as the server itself answers them", async () => {
    const config = await server.bucket();
    const wrong = { ...config, bucket: "elsewhere" };
    await expect(s3Storage({ ...config, accessKeyId: "nobody" }, s3Keys, quick).check()).rejects.toMatchObject({
      reason: "CREDENTIALS_REFUSED",
    });
    await expect(s3Storage(config, { secretAccessKey: "wrong" }, quick).check()).rejects.toMatchObject({
      reason: "CREDENTIALS_REFUSED",
      message: expect.stringContaining("signature"),
    });
    await expect(s3Storage({ ...config, region: "mars-1" }, s3Keys, quick).check()).rejects.toMatchObject({
      reason: "WRONG_REGION",
      hint: expect.stringContaining("us-east-1"),
    });
    const missing = s3Storage(wrong, s3Keys, quick);
    for (const ask of [
      () => missing.check(),
      () => missing.size("a"),
      () => missing.get("a"),
      () => all(missing.list("")),
      () => missing.sweep(""),
    ])
      await expect(ask()).rejects.toMatchObject({ code: "STORAGE_UNAVAILABLE", reason: "BUCKET_MISSING" });
  });

  it("names a server that is not there, a name that nobody knows, and one without TLS", async () => {
    const config = await server.bucket();
    const gone = await listener();
    const at = (endpoint: string, options: S3Options = quick) =>
      s3Storage({ ...config, endpoint }, s3Keys, { ...options, tries: 1 }).check();
    await expect(at("http://127.0.0.1:1")).rejects.toMatchObject({ reason: "CONNECTION_REFUSED" });
    const unknown = async () =>
      Promise.reject(Object.assign(new Error("getaddrinfo ENOTFOUND"), { code: "ENOTFOUND", syscall: "getaddrinfo" }));
    await expect(at("http://s3.example.com", { ...quick, resolve: unknown })).rejects.toMatchObject({ reason: "HOST_UNKNOWN" });
    await expect(at(`https://127.0.0.1:${gone.port}`)).rejects.toMatchObject({
      reason: "CERTIFICATE_REFUSED",
      hint: expect.stringContaining("http://"),
    });
  });

  it("keeps an object whose deletion a lock refuses, and says so", async () => {
    const { storage, put, held } = await opened();
    await put(small);
    front.next("Delete", refuses(403, "AccessDenied", { message: "Access Denied because object protected by object lock." }));
    await expect(storage.remove("a/b")).rejects.toMatchObject({
      code: "STORAGE_UNAVAILABLE",
      reason: "DELETE_DENIED",
      hint: expect.stringContaining("object lock"),
    });
    expect((await held()).objects).toEqual(["a/b"]);
    await storage.remove("a/b");
    expect(await held()).toEqual(nothing);
  });
});

describe("a list from S3", () => {
  it("names all of 1,500 objects, page by page, and goes on after a page that failed", async () => {
    const { storage, config } = await opened();
    const names = Array.from({ length: 1500 }, (_, n) => `many/${String(n).padStart(4, "0")}`);
    await server.fill(config, names);
    // A folder as some tools leave it.
    await server.client.send(new PutObjectCommand({ Bucket: config.bucket, Key: "many/", Body: Buffer.alloc(0) }));
    const listed = async (each: typeof storage) => (await all(each.list("many/"))).map(({ name }) => name);
    expect(await listed(storage)).toEqual(names);
    expect(front.calls("List")).toHaveLength(2);
    front.next(
      "List",
      changes(() => ({})),
    );
    front.next("List", busy);
    await expect(listed(storage)).rejects.toMatchObject({ reason: "SLOW_DOWN" });
    front.next("List", cutsAnswerAfter(1000));
    expect(await listed(retrying(storage, { firstMs: 1 }))).toEqual(names);
    // A server that gives the same page for ever is found out.
    front.next("List", async ({ response }) => void response.end(samePage), 5);
    await expect(listed(storage)).rejects.toMatchObject({
      code: "STORAGE_UNAVAILABLE",
      message: expect.stringContaining("does not go on"),
    });
  });
});

const samePage =
  '<?xml version="1.0"?><ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>same</NextContinuationToken></ListBucketResult>';

describe("where an S3 storage may be", () => {
  const refused = { reason: "ENDPOINT_NOT_ALLOWED" };

  it.each(["http://169.254.169.254", "http://[::1]", "http://0x7f000001", "http://localhost:9000", "http://10.0.0.5", "file:///etc"])(
    "refuses %s unless an administrator allows it",
    async (endpoint) => {
      const config = { ...(await server.bucket()), endpoint };
      expect(() => s3Storage(config, s3Keys, { ...quick, allowed: [] })).toThrow(expect.objectContaining(refused));
    },
  );

  it("connects to no name that resolves inward, though it was public a moment ago, and says how to allow it", async () => {
    const inner = await listener();
    const config = { ...(await server.bucket()), endpoint: `http://s3.example.com:${inner.port}` };
    const storage = s3Storage(config, s3Keys, { ...quick, allowed: [], resolve: async () => [{ address: "127.0.0.1", family: 4 }] });
    for (const ask of [() => storage.check(), () => storage.get("a"), () => storage.size("a"), () => all(storage.list(""))])
      await expect(ask()).rejects.toMatchObject({ code: "STORAGE_UNAVAILABLE", ...refused, hint: expect.stringContaining("Settings") });
    expect(inner.received).toEqual([]);
  });

  it("follows no redirect, and sends nothing to where it points", async () => {
    const inner = await listener();
    const { storage, put, held } = await opened();
    const inward = refuses(307, "TemporaryRedirect", { headers: { location: `http://127.0.0.1:${inner.port}/latest/meta-data/` } });
    for (const call of ["Put", "PutPart", "Get", "Head", "List"] as const) front.next(call, inward, 100);
    const told = { code: "STORAGE_UNAVAILABLE", reason: "REDIRECTED", message: expect.stringContaining(`127.0.0.1:${inner.port}`) };
    await expect(put(small)).rejects.toMatchObject(told);
    await expect(storage.get("a/b")).rejects.toMatchObject(told);
    await expect(storage.size("a/b")).rejects.toMatchObject(told);
    await expect(all(storage.list(""))).rejects.toMatchObject(told);
    expect(inner.received).toEqual([]);
    expect(await held()).toEqual(nothing);
  });

  it("has the bucket in the path, or in the name of the host", async () => {
    const { config, put } = await opened();
    await put(small);
    expect(front.seen.at(-1)).toMatchObject({ path: `/${config.bucket}/a/b`, headers: { host: `127.0.0.1:${front.port}` } });
    const resolve = async () => [{ address: "127.0.0.1", family: 4 }];
    const byHost = s3Storage({ ...config, endpoint: `http://s3.test:${front.port}`, forcePathStyle: false }, s3Keys, { ...quick, resolve });
    expect(await text(await byHost.get("a/b"))).toBe("a manifest");
    expect(front.seen.at(-1)).toMatchObject({ path: "/a/b?x-id=GetObject", headers: { host: `${config.bucket}.s3.test:${front.port}` } });
    await byHost.put("a/c", chunksOf(large), still());
    expect((await all(byHost.list("a/"))).map(({ name }) => name)).toEqual(["a/b", "a/c"]);
  });
});
