import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RawClient, rawGet } from "../support/raw-client.ts";
import { artifact, oddName, type ServedDownloads, servedDownloads } from "../support/served-downloads.ts";

let place: ServedDownloads;
beforeAll(async () => {
  place = await servedDownloads();
});
afterAll(() => place?.[Symbol.asyncDispose]());

const whole = async (client: RawClient) => client.read(Number(client.head.headers["content-length"]));
const thousand = `bytes=${Array.from({ length: 1000 }, (_, at) => `${at}-${at}`).join(",")}`;

describe("ranges", () => {
  it.each([
    ["bytes=0-0", 206, 0, 0],
    ["bytes=100-", 206, 100, null],
    ["bytes=-10", 206, -10, null],
    ["bytes=-99999999999", 206, 0, null],
    ["bytes=5-99999999999", 206, 5, null],
    ["bytes=99999999999-", 416, 0, -1],
    ["bytes=-0", 416, 0, -1],
    ["bytes=9-3", 200, 0, null],
    ["lines=1-2", 200, 0, null],
    ["bytes=x", 200, 0, null],
    [thousand, 200, 0, null],
    ["bytes=0-1,5-6", 200, 0, null],
  ])("%s is answered with %i", async (range, expected, start, end) => {
    const { path, size } = await place.create(artifact);
    await using client = await rawGet(place.port, path, { range });
    expect(client.head.status).toBe(expected);
    if (expected === 416) {
      expect(client.head.headers["content-range"]).toBe(`bytes */${size}`);
      return;
    }
    const from = start < 0 ? size + start : start;
    const to = end ?? size - 1;
    expect(client.head.headers["content-length"]).toBe(String(to - from + 1));
    expect(client.head.headers["content-range"]).toBe(expected === 206 ? `bytes ${from}-${to}/${size}` : undefined);
    expect(await whole(client)).toHaveLength(to - from + 1);
    await place.nothingOpen();
  });

  it("take a download up where it broke, to the SHA-256 that the manifest has; another version starts anew", async () => {
    const { path, size } = await place.create(artifact);
    const { artifacts } = await place.services.backups.existing(place.backupId);
    const pieces: Buffer[] = [];
    let [at, etag] = [0, ""];
    while (at < size) {
      await using client = await rawGet(place.port, path, at === 0 ? {} : { range: `bytes=${at}-`, "if-range": etag });
      expect(client.head.status).toBe(at === 0 ? 200 : 206);
      etag = client.head.headers.etag ?? "";
      // The connection breaks each time a few megabytes on.
      const piece = await client.read(7_000_001);
      pieces.push(piece);
      at += piece.length;
    }
    expect(pieces.length).toBeGreaterThan(3);
    expect(createHash("sha256").update(Buffer.concat(pieces)).digest("hex")).toBe(artifacts[0]?.sha256);
    await using changed = await rawGet(place.port, path, { range: "bytes=5-9", "if-range": '"of another version"' });
    expect(changed.head.status).toBe(200);
    await using dated = await rawGet(place.port, path, { range: "bytes=5-9", "if-range": "Sun, 22 Nov 2026 03:00:00 GMT" });
    expect(dated.head.status).toBe(200);
  });

  it("are the same of the whole backup as one tar, and HEAD tells of them without a byte", async () => {
    const { path, size } = await place.create();
    await using all = await rawGet(place.port, path);
    const bytes = await whole(all);
    expect(bytes).toHaveLength(size);
    for (const start of [0, 511, 512, 600, 12_000_000, size - 1]) {
      await using part = await rawGet(place.port, path, { range: `bytes=${start}-${start + 999}` });
      expect((await whole(part)).equals(bytes.subarray(start, start + 1000))).toBe(true);
    }
    await using head = await rawGet(place.port, path, { range: "bytes=1-4" }, "HEAD");
    expect([head.head.status, head.head.headers["content-length"]]).toEqual([206, "4"]);
    expect(await head.read(1)).toHaveLength(0);
    expect(await place.beingRead()).toBe(false);
  });
});

describe("an answer", () => {
  it("is saved, not shown, kept by nobody, and names the file as RFC 6266 wants it", async () => {
    const { path, filename } = await place.create({ path: `shop/${oddName}` });
    await using client = await rawGet(place.port, path);
    const { headers } = client.head;
    expect(headers).toMatchObject({
      "content-type": "application/octet-stream",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cache-control": "private, no-store",
    });
    expect(filename).toBe('a"b__set-cookie: x=1; _gpj.exe – 東京.bin');
    expect(headers["content-disposition"]).toBe(
      `attachment; filename="a\\"b__set-cookie: x=1; _gpj.exe ? ??.bin"; filename*=UTF-8''a%22b__set-cookie%3A%20x%3D1%3B%20_gpj.exe%20%E2%80%93%20%E6%9D%B1%E4%BA%AC.bin`,
    );
    expect(headers["set-cookie"]).toBeUndefined();
    expect((await whole(client)).toString()).toBe("odd");
  });

  it("of an empty file is empty", async () => {
    const { path } = await place.create({ path: "shop/empty" });
    await using client = await rawGet(place.port, path);
    expect([client.head.status, client.head.headers["content-length"]]).toEqual([200, "0"]);
  });
});
