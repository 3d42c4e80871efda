import { createServer } from "node:http";
import { join } from "node:path";
import { Readable } from "node:stream";
import express from "express";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BackupRow } from "../../server/db/backups.ts";
import type { Actor } from "../../server/domain/access.ts";
import type { BackupId } from "../../server/domain/ids.ts";
import type { Manifest } from "../../server/domain/manifest.ts";
import { serveDownloads } from "../../server/http/downloads.ts";
import { createBackupFiles } from "../../server/services/backup-files.ts";
import type { RangedBody } from "../../server/services/download-bodies.ts";
import { memoryStorage } from "../support/memory-storage.ts";
import { fileOf, takeBackup } from "../support/taken-backup.ts";
import { file, link, makeTree, scratchFolder } from "../support/trees.ts";

const viewer: Actor = { kind: "token", id: "t", name: "viewer", role: "VIEWER" };
const id = "0a1b2c3d-0000-4000-8000-000000000000" as BackupId;
const large = Buffer.from(Array.from({ length: 9_000_000 }, (_, at) => (at * 7919) >>> 5));

type Packed = "ZSTD" | "GZIP" | "NONE";
const made = new Map<Packed, ReturnType<typeof take>>();

/** A real backup of a real folder. */
async function take(compression: Packed) {
  const root = await makeTree(join(await scratchFolder(), "shop"), {
    "b/deep/Rote Grüße.JPG": "12345",
    "b/one.txt": "1",
    "a.txt": file("22", { mtime: new Date("2024-03-01T12:34:56.789Z") }),
    "Z/empty": "",
    link: link("a.txt"),
    'quote" and\nnewline; ü.bin': "named",
    "large.bin": large,
  });
  return takeBackup({ roots: [root] }, { compression, level: compression === "NONE" ? 0 : 1 });
}

/** The service over such a backup, whose storage may be spoilt. */
async function over(compression: Packed = "ZSTD", change: (manifest: Manifest) => Manifest = (manifest) => manifest) {
  const once = made.get(compression) ?? take(compression);
  made.set(compression, once);
  const { storage: pristine, ...rest } = await once;
  const taken = { ...rest, storage: memoryStorage() };
  for (const [name, bytes] of pristine.files) taken.storage.files.set(name, bytes);
  const backup = { id, name: "A backup", folder: taken.folder } as BackupRow;
  const reads: number[] = [];
  const storage: typeof taken.storage = {
    ...taken.storage,
    get: async (name, range) => {
      if (range) reads.push((range.end ?? 0) - range.start + 1);
      return taken.storage.get(name, range);
    },
  };
  const backups = { existing: async () => backup, manifestOf: async () => change(taken.manifest) };
  const files = createBackupFiles({ backups, storedBackups: { open: async ({ folder }, manifest) => ({ storage, folder, manifest }) } });
  return { ...taken, backup, files, reads };
}

describe("the files of a backup", () => {
  it("are listed by folder, folders first, with what lies below them", async () => {
    const { files } = await over();
    const top = await files.page(viewer, id, null, null, 100, null);
    const below = 9_000_000 + 5 + 5 + 1 + 2;
    expect(top.nodes).toMatchObject([{ path: "shop", name: "shop", kind: "DIRECTORY", files: 6, size: below }]);
    const { nodes, totalCount } = await files.page(viewer, id, "shop/", null, 100, null);
    expect(nodes.map(({ name, kind, size, files }) => [name, kind, size, files])).toEqual([
      ["Z", "DIRECTORY", 0, 1],
      ["b", "DIRECTORY", 6, 2],
      ["a.txt", "FILE", 2, null],
      ["large.bin", "FILE", 9_000_000, null],
      ["link", "LINK", 0, null],
      ['quote" and\nnewline; ü.bin', "FILE", 5, null],
    ]);
    expect([totalCount, nodes[2]?.modifiedAt.toISOString()]).toEqual([6, "2024-03-01T12:34:56.789Z"]);
  });

  it("are found by any part of their path, whatever its case, below a folder or everywhere", async () => {
    const { files } = await over();
    const found = async (folder: string | null, text: string) =>
      (await files.page(viewer, id, folder, text, 100, null)).nodes.map(({ path }) => path);
    expect(await found(null, "grüSSE".replace("SS", "ß"))).toEqual(["shop/b/deep/Rote Grüße.JPG"]);
    expect(await found(null, "b/DEEP")).toEqual(["shop/b/deep", "shop/b/deep/Rote Grüße.JPG"]);
    expect(await found("shop/b", ".txt")).toEqual(["shop/b/one.txt"]);
    expect(await found("shop/Z", ".txt")).toEqual([]);
  });

  it("come in pages", async () => {
    const { files } = await over();
    const names: string[] = [];
    let after: string | null = null;
    for (let pages = 0; pages < 3; pages += 1) {
      const page: Awaited<ReturnType<typeof files.page>> = await files.page(viewer, id, "shop", null, 2, after);
      names.push(...page.nodes.map(({ name }) => name));
      expect([page.hasNextPage, page.totalCount]).toEqual([pages < 2, 6]);
      after = page.endCursor;
    }
    expect(names.slice(0, 4)).toEqual(["Z", "b", "a.txt", "large.bin"]);
    expect((await files.page(viewer, id, "shop", null, 2, after)).nodes).toEqual([]);
  });

  it.each([
    ["a folder that is not there", "shop/none", null, "NOT_FOUND"],
    ["a cursor of another's", null, "bm9uZQ", "BAD_USER_INPUT"],
  ])("refuse %s", async (_, folder, after, code) => {
    const { files } = await over();
    await expect(files.page(viewer, id, folder, null, 10, after)).rejects.toMatchObject({ code });
  });

  it("are not looked through by nobody, nor in a backup without a list or without media", async () => {
    const { files } = await over();
    await expect(files.page(null, id, null, null, 10, null)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    const older = await over("ZSTD", (manifest) => ({ ...manifest, media: manifest.media && { ...manifest.media, index: null } }));
    await expect(older.files.page(viewer, id, null, null, 10, null)).rejects.toMatchObject({
      code: "BAD_USER_INPUT",
      hint: expect.any(String),
    });
    const dump = await over("ZSTD", (manifest) => ({ ...manifest, media: null }));
    await expect(dump.files.page(viewer, id, null, null, 10, null)).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
  });
});

describe("one file as a download", () => {
  const bodies = new Map<string, RangedBody>();
  const app = express().use(serveDownloads({ open: async (token: string) => linkTo(bodies.get(token)) } as never));
  const server = createServer(app);
  const linkTo = (body: RangedBody | undefined) =>
    body && {
      ...{ filename: body.filename, body: async () => body },
      begin: async () => ({ signal: new AbortController().signal, [Symbol.asyncDispose]: async () => {} }),
    };
  let base = "";
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    base = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/downloads`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  const serve = async ({ files, backup }: Awaited<ReturnType<typeof over>>, path: string) => {
    const stored = await files.file(backup, path);
    bodies.set(path.replaceAll(/\W/g, ""), {
      filename: path.slice(path.lastIndexOf("/") + 1),
      size: stored.size,
      etag: '"e"',
      read: async (start, end, signal) => Readable.from(stored.read(start, end + 1, signal), { objectMode: false }),
    });
    return `${base}/${path.replaceAll(/\W/g, "")}/x`;
  };

  it.each(["ZSTD", "GZIP", "NONE"] as const)("comes whole, by range and from the frames that hold it only (%s)", async (compression) => {
    const taken = await over(compression);
    const url = await serve(taken, "shop/large.bin");
    const whole = await fetch(url);
    expect([whole.headers.get("content-length"), Buffer.from(await whole.arrayBuffer()).equals(large)]).toEqual(["9000000", true]);
    for (const [from, to] of [
      [0, 0],
      [4_194_000, 4_195_000],
      [8_999_999, 8_999_999],
    ] as const) {
      const part = await fetch(url, { headers: { range: `bytes=${from}-${to}` } });
      expect([part.status, Buffer.from(await part.arrayBuffer()).equals(large.subarray(from, to + 1))]).toEqual([206, true]);
    }
    taken.reads.length = 0;
    const small = await fetch(await serve(taken, "shop/a.txt"));
    expect(await small.text()).toBe("22");
    const archive = taken.storage.files.get(fileOf(taken, "media"))?.length ?? 0;
    expect(taken.reads.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(archive * 0.6);
  });

  it("is empty when the file is, and has a name that no header breaks on", async () => {
    const taken = await over();
    const empty = await fetch(await serve(taken, "shop/Z/empty"));
    expect([empty.status, empty.headers.get("content-length"), await empty.text()]).toEqual([200, "0", ""]);
    const named = await fetch(await serve(taken, 'shop/quote" and\nnewline; ü.bin'));
    expect(named.headers.get("content-disposition")).toMatch(/^attachment; filename="[^\n]*"; filename\*=UTF-8''/);
    expect(await named.text()).toBe("named");
  });

  it("is never given whole when its content was altered", async () => {
    const taken = await over("NONE");
    const name = fileOf(taken, "media");
    const bytes = Buffer.from(taken.storage.files.get(name) ?? "");
    const at = bytes.indexOf(large.subarray(0, 1000));
    bytes[at + 5_000_000] = (bytes[at + 5_000_000] ?? 0) ^ 1;
    taken.storage.files.set(name, bytes);
    const url = await serve(taken, "shop/large.bin");
    await expect(fetch(url).then((answer) => answer.arrayBuffer())).rejects.toThrow();
  });

  it.each([
    ["a folder", "shop/b", "BAD_USER_INPUT"],
    ["a link", "shop/link", "BAD_USER_INPUT"],
    ["what is not there", "shop/../etc/passwd", "NOT_FOUND"],
  ])("is refused for %s", async (_, path, code) => {
    const { files, backup } = await over();
    await expect(files.file(backup, path)).rejects.toMatchObject({ code });
  });
});
