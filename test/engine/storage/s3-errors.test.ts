import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { type Failure, messageOf } from "../../../server/domain/errors.ts";
import { s3Storage } from "../../../server/engine/storage/s3.ts";
import type { S3Options } from "../../../server/engine/storage/s3-service.ts";
import { all } from "../../support/all.ts";
import { chunksOf, disturbedS3, large, nothing, quick, small, still } from "../../support/disturbed-s3.ts";
import { listener } from "../../support/listener.ts";
import { type Fault, refuses, type S3Call } from "../../support/s3-faults.ts";
import { s3Keys } from "../../support/s3-server.ts";

const s3 = disturbedS3();

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
    const { storage } = await s3.opened({ ...quick, tries: 2 });
    for (const call of everywhere) s3.front.next(call, fault, 100);
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
    const config = await s3.server.bucket();
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
    const config = await s3.server.bucket();
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
    const { storage, put, held } = await s3.opened();
    await put(small);
    s3.front.next("Delete", refuses(403, "AccessDenied", { message: "Access Denied because object protected by object lock." }));
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

describe("where an S3 storage may be", () => {
  const refused = { reason: "ENDPOINT_NOT_ALLOWED" };

  it.each(["http://169.254.169.254", "http://[::1]", "http://0x7f000001", "http://localhost:9000", "http://10.0.0.5", "file:///etc"])(
    "refuses %s unless an administrator allows it",
    async (endpoint) => {
      const config = { ...(await s3.server.bucket()), endpoint };
      expect(() => s3Storage(config, s3Keys, { ...quick, allowed: [] })).toThrow(expect.objectContaining(refused));
    },
  );

  it("connects to no name that resolves inward, though it was public a moment ago, and says how to allow it", async () => {
    const inner = await listener();
    const config = { ...(await s3.server.bucket()), endpoint: `http://s3.example.com:${inner.port}` };
    const storage = s3Storage(config, s3Keys, { ...quick, allowed: [], resolve: async () => [{ address: "127.0.0.1", family: 4 }] });
    for (const ask of [() => storage.check(), () => storage.get("a"), () => storage.size("a"), () => all(storage.list(""))])
      await expect(ask()).rejects.toMatchObject({ code: "STORAGE_UNAVAILABLE", ...refused, hint: expect.stringContaining("Settings") });
    expect(inner.received).toEqual([]);
  });

  it("follows no redirect, and sends nothing to where it points", async () => {
    const inner = await listener();
    const { storage, put, held } = await s3.opened();
    const inward = refuses(307, "TemporaryRedirect", { headers: { location: `http://127.0.0.1:${inner.port}/latest/meta-data/` } });
    for (const call of ["Put", "PutPart", "Get", "Head", "List"] as const) s3.front.next(call, inward, 100);
    const told = { code: "STORAGE_UNAVAILABLE", reason: "REDIRECTED", message: expect.stringContaining(`127.0.0.1:${inner.port}`) };
    await expect(put(small)).rejects.toMatchObject(told);
    await expect(storage.get("a/b")).rejects.toMatchObject(told);
    await expect(storage.size("a/b")).rejects.toMatchObject(told);
    await expect(all(storage.list(""))).rejects.toMatchObject(told);
    expect(inner.received).toEqual([]);
    expect(await held()).toEqual(nothing);
  });

  it("has the bucket in the path, or in the name of the host", async () => {
    const { config, put } = await s3.opened();
    await put(small);
    expect(s3.front.seen.at(-1)).toMatchObject({ path: `/${config.bucket}/a/b`, headers: { host: `127.0.0.1:${s3.front.port}` } });
    const resolve = async () => [{ address: "127.0.0.1", family: 4 }];
    const byHost = s3Storage({ ...config, endpoint: `http://s3.test:${s3.front.port}`, forcePathStyle: false }, s3Keys, {
      ...quick,
      resolve,
    });
    expect(await text(await byHost.get("a/b"))).toBe("a manifest");
    expect(s3.front.seen.at(-1)).toMatchObject({
      path: "/a/b?x-id=GetObject",
      headers: { host: `${config.bucket}.s3.test:${s3.front.port}` },
    });
    await byHost.put("a/c", chunksOf(large), still());
    expect((await all(byHost.list("a/"))).map(({ name }) => name)).toEqual(["a/b", "a/c"]);
  });
});
