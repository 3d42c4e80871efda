import { connect } from "node:net";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RangedBody } from "../../server/services/download-bodies.ts";
import { rawGet } from "../support/raw-client.ts";
import { artifact, type ServedDownloads, servedDownloads } from "../support/served-downloads.ts";
import { administrator } from "../support/wired.ts";

let place: ServedDownloads;
beforeAll(async () => {
  place = await servedDownloads();
});
afterAll(() => place?.[Symbol.asyncDispose]());

describe("while somebody reads", () => {
  it("the backup is in use, also when the link ends meanwhile, and is let go of at the end", async () => {
    const { path, size } = await place.create(artifact);
    using clock = place.after(59);
    await using client = await rawGet(place.port, path);
    const first = await client.read(1000);
    clock.to(61);
    expect(await place.status(path)).toBe(404);
    // What expired is swept when the next link is made, but not this one.
    await place.create({ path: "shop/empty" });
    await expect(place.services.backups.remove(administrator, place.backupId)).rejects.toMatchObject({
      code: "CONFLICT",
      reason: "IN_USE",
      message: expect.stringContaining("is being downloaded"),
    });
    const rest = await client.read(size);
    expect(first.length + rest.length).toBe(size);
    await place.nobodyReads();
  });

  it.each([
    ["an artifact", artifact],
    ["the whole backup", {}],
    ["one file", { path: "shop/large.bin" }],
  ])("of %s, going away closes what was open at once", async (_, wanted) => {
    const { path } = await place.create(wanted);
    await using client = await rawGet(place.port, path);
    await client.read(1000);
    expect(await place.beingRead()).toBe(true);
    await place.somethingOpen();
    client.socket.resetAndDestroy();
    await place.nothingOpen();
    await place.nobodyReads();
  });

  it("who stalls is closed and lets go; who is slow is not", async () => {
    const impatientPort = await place.serve(place.services.downloads, { idleMilliseconds: 1000 });
    const { path, size } = await place.create(artifact);
    await using stalled = await rawGet(impatientPort, path);
    await place.nobodyReads();
    await place.nothingOpen();
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
    const begin = async (path: string) => open.use(await rawGet(place.port, path));
    const links = await Promise.all(Array.from({ length: 5 }, () => place.create(artifact)));
    for (const { path } of links.slice(0, 4)) for (let at = 0; at < 6; at += 1) expect((await begin(path)).head.status).toBe(200);
    const sixToo = await begin(links[0]?.path ?? "");
    expect([sixToo.head.status, sixToo.head.headers["retry-after"]]).toEqual([429, "10"]);
    const busy = await begin(links[4]?.path ?? "");
    expect([busy.head.status, busy.head.headers["retry-after"]]).toEqual([503, "10"]);
    await open.disposeAsync();
    await place.nobodyReads();
    expect(await place.status(links[4]?.path ?? "")).toBe(200);
    await place.nobodyReads();
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
    begin: async () => ({ signal: new AbortController().signal, [Symbol.asyncDispose]: async () => ended.resolve() }),
  };
  const client = connect(await place.serve({ open: async () => link } as never), "127.0.0.1");
  client.write("GET /downloads/x/a HTTP/1.1\r\nhost: a\r\n\r\n");
  await asked.promise;
  client.destroy();
  await told.promise;
  await ended.promise;
});
