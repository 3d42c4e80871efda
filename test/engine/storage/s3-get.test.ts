import { randomBytes } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { retrying } from "../../../server/engine/storage/retrying.ts";
import { all } from "../../support/all.ts";
import { busy, disturbedS3, impatient, large, quick } from "../../support/disturbed-s3.ts";
import { changes, cutsAnswerAfter, stallsAnswerAfter } from "../../support/s3-faults.ts";

const s3 = disturbedS3();

describe("a get from S3", () => {
  it("goes on where it was cut or stalled, asking for the same object", async () => {
    const { storage, put } = await s3.opened(impatient);
    await put(large);
    s3.front.calm();
    s3.front.next("Get", cutsAnswerAfter(100_000));
    s3.front.next("Get", stallsAnswerAfter(100_000));
    s3.front.next("Get", busy);
    expect((await buffer(await storage.get("a/b"))).equals(large)).toBe(true);
    const [, second, third] = s3.front.calls("Get");
    expect(second?.headers.range).toMatch(/^bytes=[1-9]\d*-787431$/);
    expect(third?.headers["if-match"]).toMatch(/^"[0-9a-f]{32}-4"$/);
    s3.front.next("Get", cutsAnswerAfter(10));
    const piece = await buffer(await storage.get("a/b", { start: 5, end: 300_004 }));
    expect(piece.equals(large.subarray(5, 300_005))).toBe(true);
  });

  it("does not take the rest of another object for the rest of this one", async () => {
    const { storage, put, config } = await s3.opened();
    await put(large);
    s3.front.next("Get", async ({ request, response, forward }) => {
      const answer = await forward();
      await s3.server.client.send(new PutObjectCommand({ Bucket: config.bucket, Key: "a/b", Body: randomBytes(large.length) }));
      await cutsAnswerAfter(100_000)({ request, response, forward: async () => answer });
    });
    await expect(buffer(await storage.get("a/b"))).rejects.toMatchObject({ code: "STORAGE_UNAVAILABLE", reason: "OBJECT_CHANGED" });
  });

  it("gives up after breaks without a byte between them, and does not take a whole file for a range of it", async () => {
    const { storage, put } = await s3.opened({ ...quick, tries: 2 });
    await put(large);
    s3.front.next("Get", cutsAnswerAfter(100_000));
    s3.front.next("Get", cutsAnswerAfter(0), 100);
    await expect(buffer(await storage.get("a/b"))).rejects.toMatchObject({ code: "STORAGE_UNAVAILABLE", reason: "CONNECTION_LOST" });
    s3.front.calm();
    s3.front.next(
      "Get",
      changes(({ headers: { "content-range": _, ...headers } }) => ({ status: 200, headers })),
    );
    await expect(storage.get("a/b", { start: 10 })).rejects.toMatchObject({ code: "STORAGE_UNAVAILABLE" });
  });
});

describe("a list from S3", () => {
  it("names all of 1,500 objects, page by page, and goes on after a page that failed", async () => {
    const { storage, config } = await s3.opened();
    const names = Array.from({ length: 1500 }, (_, n) => `many/${String(n).padStart(4, "0")}`);
    await s3.server.fill(config, names);
    // A folder as some tools leave it.
    await s3.server.client.send(new PutObjectCommand({ Bucket: config.bucket, Key: "many/", Body: Buffer.alloc(0) }));
    const listed = async (each: typeof storage) => (await all(each.list("many/"))).map(({ name }) => name);
    expect(await listed(storage)).toEqual(names);
    expect(s3.front.calls("List")).toHaveLength(2);
    s3.front.next(
      "List",
      changes(() => ({})),
    );
    s3.front.next("List", busy);
    await expect(listed(storage)).rejects.toMatchObject({ reason: "SLOW_DOWN" });
    s3.front.next("List", cutsAnswerAfter(1000));
    expect(await listed(retrying(storage, { firstMs: 1 }))).toEqual(names);
    // A server that gives the same page for ever is found out.
    s3.front.next("List", async ({ response }) => void response.end(samePage), 5);
    await expect(listed(storage)).rejects.toMatchObject({
      code: "STORAGE_UNAVAILABLE",
      message: expect.stringContaining("does not go on"),
    });
  });
});

const samePage =
  '<?xml version="1.0"?><ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>same</NextContinuationToken></ListBucketResult>';
