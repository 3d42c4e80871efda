import { Readable } from "node:stream";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { retrying } from "../../../server/engine/storage/retrying.ts";
import { s3Storage } from "../../../server/engine/storage/s3.ts";
import { all } from "../../support/all.ts";
import { refuses, type S3Call, type S3Front, s3Front } from "../../support/s3-faults.ts";
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

const calls: readonly S3Call[] = ["Put", "Get", "Head", "HeadBucket", "List", "ListUploads", "Delete"];
/** As the server uses it, with waits that are as good as none. */
const opened = async () =>
  retrying(s3Storage(await server.bucket(front.url), s3Keys, { allowed: ["127.0.0.1"], firstWaitMilliseconds: 1 }), {
    ...{ retries: 2, firstMs: 1, longestMs: 2, failures: 1000 },
  });
/** How often the server was asked, at most, for one kind of thing. */
const most = () => Math.max(...calls.map((call) => front.calls(call).length));

describe("a bucket that answers nothing but that it is busy", () => {
  it("is asked as often as `retrying` says, and not as often again by the adapter", async () => {
    const storage = await opened();
    for (const [what, times, ask] of [
      ["size", 3, () => storage.size("a/b")],
      ["list", 3, () => all(storage.list(""))],
      ["get", 3, () => storage.get("a/b")],
      ["remove", 3, () => storage.remove("a/b")],
      ["sweep", 3, () => storage.sweep("")],
      // Somebody waits for the answer.
      ["check", 2, () => storage.check()],
    ] as const) {
      for (const call of calls) front.next(call, refuses(503, "SlowDown"), 1000);
      await expect(ask()).rejects.toMatchObject({ code: "STORAGE_UNAVAILABLE", reason: "SLOW_DOWN" });
      expect([what, most()]).toEqual([what, times]);
      front.calm();
    }
  });

  it("gets the steps of a put that nobody else could send again", async () => {
    const storage = await opened();
    front.next("Head", refuses(503, "SlowDown"), 3);
    front.next("Put", refuses(503, "SlowDown"), 3);
    await storage.put("a/b", Readable.from([Buffer.from("bytes")]), { signal: new AbortController().signal });
    expect(await storage.size("a/b")).toBe(5);
  });
});
