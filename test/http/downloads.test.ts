import { createHash, randomBytes } from "node:crypto";
import { readdirSync, readlinkSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import express from "express";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Actor } from "../../server/domain/access.ts";
import type { BackupId, SourceId } from "../../server/domain/ids.ts";
import { serveDownloads } from "../../server/http/downloads.ts";
import type { RangedBody } from "../../server/services/download-bodies.ts";
import type { DownloadLink } from "../../server/services/downloads.ts";
import { type RawClient, rawGet } from "../support/raw-client.ts";
import { administrator, type Wired, wired } from "../support/wired.ts";

// Larger than what the kernel takes in for a client that does not read.
const large = randomBytes(24_000_000);
const oddName = 'a"b\r\nset-cookie: x=1; \u202egpj.exe – 東京.bin';
const minute = 60_000;
let own: Wired;
let sourceId: SourceId;
let backupId: BackupId;
const servers: Server[] = [];
let [port, impatientPort] = [0, 0];

beforeAll(async () => {
  own = await wired(new Date("2026-11-22T03:00:00.000Z"));
  const media = join(own.home, "media", "shop");
  await mkdir(media, { recursive: true });
  await writeFile(join(media, "large.bin"), large);
  await writeFile(join(media, oddName), "odd");
  await writeFile(join(media, "empty"), "");
  sourceId = (await own.app.services.sources.create(administrator, { name: "Shop", mediaPaths: [media] })).id;
  backupId = await backUp();
  port = await serve({});
  impatientPort = await serve({ idleMilliseconds: 1000 });
});
afterAll(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  await own?.[Symbol.asyncDispose]();
});

async function serve(options: { idleMilliseconds?: number }): Promise<number> {
  const server = createServer(express().use(serveDownloads(own.app.services.downloads, options)));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

async function backUp(): Promise<BackupId> {
  const { services } = own.app;
  const { id } = await services.backups.create(administrator, { type: "MEDIA", sourceId, compress: false }, "MANUAL");
  await own.performAll();
  expect((await services.backups.existing(id)).status).toBe("COMPLETED");
  return id;
}

type Sized = DownloadLink & { readonly size: number };
async function create(wanted: { artifact?: string; path?: string } = {}, id = backupId, actor: Actor = administrator): Promise<Sized> {
  const { size, ...link } = await own.app.services.downloads.create(actor, id, { artifact: null, path: null, archive: null, ...wanted });
  return { ...link, size: size ?? Number.NaN };
}
const never = new AbortController().signal;
const artifact = { artifact: "media.tar" };
const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
const whole = async (client: RawClient) => client.read(Number(client.head.headers["content-length"]));
const status = async (path: string, from = port) => {
  await using client = await rawGet(from, path);
  return client.head.status;
};
/** Files of the storage that this process has open now. */
const openFiles = () =>
  readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(own.home);
    } catch {
      return false;
    }
  }).length;
const nobodyReads = () => vi.waitFor(async () => expect(await beingRead()).toBe(false), { timeout: 5000 });
const beingRead = async () => (await own.app.reads.downloading([backupId])).length > 0;

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
    const { path, size } = await create(artifact);
    await using client = await rawGet(port, path, { range });
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
    await vi.waitFor(() => expect(openFiles()).toBe(0));
  });

  it("take a download up where it broke, to the SHA-256 that the manifest has; another version starts anew", async () => {
    const { path, size } = await create(artifact);
    const { artifacts } = await own.app.services.backups.existing(backupId);
    const pieces: Buffer[] = [];
    let [at, etag] = [0, ""];
    while (at < size) {
      await using client = await rawGet(port, path, at === 0 ? {} : { range: `bytes=${at}-`, "if-range": etag });
      expect(client.head.status).toBe(at === 0 ? 200 : 206);
      etag = client.head.headers.etag ?? "";
      // The connection breaks each time a few megabytes on.
      const piece = await client.read(7_000_001);
      pieces.push(piece);
      at += piece.length;
    }
    expect(pieces.length).toBeGreaterThan(3);
    expect(sha256(Buffer.concat(pieces))).toBe(artifacts[0]?.sha256);
    await using changed = await rawGet(port, path, { range: "bytes=5-9", "if-range": '"of another version"' });
    expect(changed.head.status).toBe(200);
    await using dated = await rawGet(port, path, { range: "bytes=5-9", "if-range": "Sun, 22 Nov 2026 03:00:00 GMT" });
    expect(dated.head.status).toBe(200);
  });

  it("are the same of the whole backup as one tar, and HEAD tells of them without a byte", async () => {
    const { path, size } = await create();
    await using all = await rawGet(port, path);
    const bytes = await whole(all);
    expect(bytes).toHaveLength(size);
    for (const start of [0, 511, 512, 600, 12_000_000, size - 1]) {
      await using part = await rawGet(port, path, { range: `bytes=${start}-${start + 999}` });
      expect((await whole(part)).equals(bytes.subarray(start, start + 1000))).toBe(true);
    }
    await using head = await rawGet(port, path, { range: "bytes=1-4" }, "HEAD");
    expect([head.head.status, head.head.headers["content-length"]]).toEqual([206, "4"]);
    expect(await head.read(1)).toHaveLength(0);
    expect(await beingRead()).toBe(false);
  });
});

describe("an answer", () => {
  it("is saved, not shown, kept by nobody, and names the file as RFC 6266 wants it", async () => {
    const { path, filename } = await create({ path: `shop/${oddName}` });
    await using client = await rawGet(port, path);
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
    const { path } = await create({ path: "shop/empty" });
    await using client = await rawGet(port, path);
    expect([client.head.status, client.head.headers["content-length"]]).toEqual([200, "0"]);
  });
});

describe("a link", () => {
  it("leads to what it was made for alone", async () => {
    const { path, filename } = await create(artifact);
    const token = path.split("/")[2] ?? "";
    const other = (await create({ path: "shop/empty" })).path.split("/")[2] ?? "";
    const wrong = [
      `/downloads/${token}`,
      `/downloads/${token}/`,
      `/downloads/${token}/manifest.json`,
      `/downloads/${token}/..%2f..%2fmanifest.json`,
      `/downloads/${token}/../manifest.json`,
      `/downloads/${token}/${filename}/more`,
      `/downloads/${other}/${filename}`,
      `/downloads/${backupId}/${filename}`,
      `/downloads/..%2f..%2fetc%2fpasswd/${filename}`,
      `/downloads/${token.toLowerCase()}/${filename}`,
      `/downloads/${"A".repeat(43)}/${filename}`,
      `/downloads/%00/${filename}`,
      "/downloads/../../../etc/passwd",
    ];
    for (const each of wrong) expect([each, await status(each)]).toEqual([each, 404]);
    expect(await status(path)).toBe(200);
  });

  it("works for an hour and never again, also by hands that had it before", async () => {
    const { path } = await create(artifact);
    const start = own.now();
    own.setClock(new Date(start.getTime() + 59 * minute));
    expect(await status(path)).toBe(200);
    await nobodyReads();
    own.setClock(new Date(start.getTime() + 61 * minute));
    expect(await status(path)).toBe(404);
    own.setClock(start);
  });

  it("ends with its backup, and when it is revoked, also for who reads it at this moment", async () => {
    const id = await backUp();
    const { path } = await create(artifact, id);
    await own.app.services.backups.remove(administrator, id);
    expect(await status(path)).toBe(404);

    const [one, two] = [await create(artifact), await create()];
    await using reading = await rawGet(port, one.path);
    const first = await reading.read(1000);
    expect(await own.app.services.downloads.revoke(administrator, backupId)).toBeGreaterThanOrEqual(2);
    expect(first.length + (await reading.read(one.size)).length).toBeLessThan(one.size);
    expect([await status(one.path), await status(two.path)]).toEqual([404, 404]);
    await vi.waitFor(() => expect(openFiles()).toBe(0));
    const viewer: Actor = { kind: "token", id: "v", name: "viewer", role: "VIEWER" };
    await expect(own.app.services.downloads.revoke(viewer, backupId)).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(create(artifact, backupId, viewer)).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  it("is listed with what it gives, who made it and how often it was used, and ends alone when it alone is revoked", async () => {
    const { downloads } = own.app.services;
    const id = await backUp();
    const token: Actor = { kind: "token", id: "t", name: "nightly", role: "OPERATOR" };
    const [one, two] = [await create(artifact, id), await create({ path: "shop/empty" }, id, token)];
    const paths = Array.from({ length: 30 }, () => "shop/empty");
    await downloads.create(token, id, { artifact: null, path: null, archive: { paths, format: "TAR" } });
    await using broken = await rawGet(port, one.path);
    const first = await broken.read(1000);
    await using kept = await rawGet(port, (await create({}, id)).path);
    await kept.read(1000);
    expect([await status(two.path), await status(two.path)]).toEqual([200, 200]);
    await vi.waitFor(async () => expect((await linkOf(two.filename)).reading).toBe(false));

    const links = await downloads.list(token, id);
    const of = (filename: string) => links.find((each) => each.filename === filename);
    async function linkOf(filename: string) {
      const found = (await downloads.list(token, id)).find((each) => each.filename === filename);
      if (!found) throw new Error(`${filename} is not listed`);
      return found;
    }
    expect(links).toHaveLength(4);
    expect(of(one.filename)).toMatchObject({ ...artifact, path: null, uses: 1, reading: true, expiresAt: one.expiresAt });
    expect(of("empty")).toMatchObject({ artifact: null, path: "shop/empty", uses: 2, reading: false, actor: "API token nightly" });
    expect(links.find(({ format }) => format === "TAR")).toMatchObject({ paths: paths.slice(0, 20), pathCount: 30, uses: 0 });
    expect(JSON.stringify(links)).not.toContain(one.path.split("/")[2]);

    await downloads.revokeOne(token, (await linkOf(one.filename)).id);
    expect(first.length + (await broken.read(one.size)).length).toBeLessThan(one.size);
    expect([await status(one.path), await status(two.path)]).toEqual([404, 200]);
    expect((await kept.read(large.length)).length).toBe(large.length);
    await expect(downloads.revokeOne(token, of(one.filename)?.id ?? "")).rejects.toMatchObject({ code: "NOT_FOUND" });
    const viewer: Actor = { kind: "token", id: "v", name: "viewer", role: "VIEWER" };
    await expect(downloads.revokeOne(viewer, of("empty")?.id ?? "")).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(downloads.list(viewer, id)).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  it("is refused to who makes too many, with when to come again; others may", async () => {
    const token: Actor = { kind: "token", id: "t", name: "script", role: "OPERATOR" };
    for (let made = 0; made < 300; made += 1) await create({ path: "shop/empty" }, backupId, token);
    await expect(create({ path: "shop/empty" }, backupId, token)).rejects.toMatchObject({
      reason: "RATE_LIMITED",
      hint: expect.stringMatching(/in \d+ seconds/),
    });
    await create({ path: "shop/empty" });
    const start = own.now();
    own.setClock(new Date(start.getTime() + 16 * minute));
    await create({ path: "shop/empty" }, backupId, token);
    own.setClock(start);
  });
});

describe("while somebody reads", () => {
  it("the backup is in use, also when the link ends meanwhile, and is let go of at the end", async () => {
    const { path, size } = await create(artifact);
    const start = own.now();
    own.setClock(new Date(start.getTime() + 59 * minute));
    await using client = await rawGet(port, path);
    const first = await client.read(1000);
    own.setClock(new Date(start.getTime() + 61 * minute));
    expect(await status(path)).toBe(404);
    // What expired is swept when the next link is made, but not this one.
    await create({ path: "shop/empty" });
    await expect(own.app.services.backups.remove(administrator, backupId)).rejects.toMatchObject({
      code: "CONFLICT",
      reason: "IN_USE",
      message: expect.stringContaining("is being downloaded"),
    });
    const rest = await client.read(size);
    expect(first.length + rest.length).toBe(size);
    await nobodyReads();
    own.setClock(start);
  });

  it.each([
    ["an artifact", artifact],
    ["the whole backup", {}],
    ["one file", { path: "shop/large.bin" }],
  ])("of %s, going away closes what was open at once", async (_, wanted) => {
    const { path } = await create(wanted);
    await using client = await rawGet(port, path);
    await client.read(1000);
    expect(await beingRead()).toBe(true);
    await vi.waitFor(() => expect(openFiles()).toBeGreaterThan(0));
    client.socket.resetAndDestroy();
    await vi.waitFor(() => expect(openFiles()).toBe(0));
    await nobodyReads();
  });

  it("who stalls is closed and lets go; who is slow is not", async () => {
    const { path, size } = await create(artifact);
    await using stalled = await rawGet(impatientPort, path);
    await nobodyReads();
    await vi.waitFor(() => expect(openFiles()).toBe(0));
    expect((await stalled.read(size)).length).toBeLessThan(size);

    await using slow = await rawGet(impatientPort, path, { range: "bytes=0-11999999" });
    const read: Buffer[] = [];
    // Some bytes every now and then, for longer than the server waits for one that takes none.
    for (let part = 0; part < 60; part += 1) {
      read.push(await slow.read(200_000));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(Buffer.concat(read)).toHaveLength(12_000_000);
  });

  it("only so many may through one link, and in all; there is room again when one ends", async () => {
    await using open = new AsyncDisposableStack();
    const begin = async (path: string) => open.use(await rawGet(port, path));
    const links = await Promise.all(Array.from({ length: 5 }, () => create(artifact)));
    for (const { path } of links.slice(0, 4)) for (let at = 0; at < 6; at += 1) expect((await begin(path)).head.status).toBe(200);
    const sixToo = await begin(links[0]?.path ?? "");
    expect([sixToo.head.status, sixToo.head.headers["retry-after"]]).toEqual([429, "10"]);
    const busy = await begin(links[4]?.path ?? "");
    expect([busy.head.status, busy.head.headers["retry-after"]]).toEqual([503, "10"]);
    await open.disposeAsync();
    await nobodyReads();
    expect(await status(links[4]?.path ?? "")).toBe(200);
    await nobodyReads();
  });
});

it("tells the storage at once that nobody reads any more, though it says nothing itself", async () => {
  const [asked, told, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const silent: RangedBody = {
    ...{ filename: "a", size: 10, etag: '"a"' },
    async read(_start, _end, signal) {
      asked.resolve();
      signal.addEventListener("abort", () => told.resolve());
      return new Readable({ read() {} });
    },
  };
  const link = {
    filename: "a",
    body: async () => silent,
    begin: async () => ({ signal: never, [Symbol.asyncDispose]: async () => ended.resolve() }),
  };
  const server = createServer(express().use(serveDownloads({ open: async () => link } as never)));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  client.write("GET /downloads/x/a HTTP/1.1\r\nhost: a\r\n\r\n");
  await asked.promise;
  client.destroy();
  await told.promise;
  await ended.promise;
});
