import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { retrying } from "../../../server/engine/storage/retrying.ts";
import { s3Storage } from "../../../server/engine/storage/s3.ts";
import { all } from "../../support/all.ts";
import { busy, disturbedS3 } from "../../support/disturbed-s3.ts";
import type { S3Call } from "../../support/s3-faults.ts";
import { s3Keys } from "../../support/s3-server.ts";

const s3 = disturbedS3();

const calls: readonly S3Call[] = ["Put", "Get", "Head", "HeadBucket", "List", "ListUploads", "Delete"];
/** As the server uses it, with waits that are as good as none. */
const opened = async () =>
  retrying(s3Storage(await s3.server.bucket(s3.front.url), s3Keys, { allowed: ["127.0.0.1"], firstWaitMilliseconds: 1 }), {
    ...{ retries: 2, firstMs: 1, longestMs: 2, failures: 1000 },
  });
/** How often the server was asked, at most, for one kind of thing. */
const most = () => Math.max(...calls.map((call) => s3.front.calls(call).length));

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
      for (const call of calls) s3.front.next(call, busy, 1000);
      await expect(ask()).rejects.toMatchObject({ code: "STORAGE_UNAVAILABLE", reason: "SLOW_DOWN" });
      expect([what, most()]).toEqual([what, times]);
      s3.front.calm();
    }
  });

  it("gets the steps of a put that nobody else could send again", async () => {
    const storage = await opened();
    s3.front.next("Head", busy, 3);
    s3.front.next("Put", busy, 3);
    await storage.put("a/b", Readable.from([Buffer.from("bytes")]), { signal: new AbortController().signal });
    expect(await storage.size("a/b")).toBe(5);
  });
});
