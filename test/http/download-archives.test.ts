import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { open, readdir, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import express from "express";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { BackupId, SourceId } from "../../server/domain/ids.ts";
import { serveDownloads } from "../../server/http/downloads.ts";
import type { WantedArchive } from "../../server/services/download-bodies.ts";
import type { MediaMode } from "../../shared/enums.ts";
import { rawGet } from "../support/raw-client.ts";
import { dir, link, makeTree, readTree, scratchFolder } from "../support/trees.ts";
import { administrator, type Wired, wired } from "../support/wired.ts";

const run = promisify(execFile);
let own: Wired;
let sourceId: SourceId;
let media: string;
let server: Server;
let base: string;

beforeAll(async () => {
  own = await wired(new Date("2026-11-22T03:00:00.000Z"));
  media = await makeTree(join(own.home, "shop"), {
    "pictures/a.jpg": randomBytes(6_000_000),
    "pictures/small/größe – 東京.txt": "text ".repeat(1000),
    "pictures/empty/": dir(),
    "pictures/latest": link("a.jpg"),
    "other/b.txt": "b",
    "c.txt": "c",
  });
  sourceId = (await own.app.services.sources.create(administrator, { name: "Shop", mediaPaths: [media] })).id;
  server = createServer(express().use(serveDownloads(own.app.services.downloads)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server?.closeAllConnections();
  server?.close();
  await own?.[Symbol.asyncDispose]();
});

async function backUp(mediaMode: MediaMode, encrypt = false): Promise<BackupId> {
  const { services } = own.app;
  const { id } = await services.backups.create(administrator, { type: "MEDIA", sourceId, compress: false, mediaMode, encrypt }, "MANUAL");
  await own.performAll();
  expect((await services.backups.existing(id)).status).toBe("COMPLETED");
  return id;
}

const create = (id: BackupId, archive: WantedArchive) =>
  own.app.services.downloads.create(administrator, id, { artifact: null, path: null, archive });

/** Downloads it, and unpacks it with the stock program. */
async function unpacked(id: BackupId, archive: WantedArchive): Promise<string> {
  const { path, filename, size } = await create(id, archive);
  expect(size).toBeNull();
  const answer = await fetch(`${base}${path}`, { headers: { range: "bytes=5-9" } });
  expect([answer.status, answer.headers.get("content-length"), answer.headers.get("accept-ranges")]).toEqual([200, null, "none"]);
  const folder = await scratchFolder();
  await writeFile(join(folder, filename), Buffer.from(await answer.arrayBuffer()));
  const out = join(folder, "out");
  if (archive.format === "TAR") await run("sh", ["-c", 'mkdir "$1" && tar -xpf "$2" -C "$1"', "-", out, join(folder, filename)]);
  else await run("python3", ["-c", unzip, join(folder, filename), out]);
  return out;
}

/** As unzip does it, with its links. */
const unzip = `import os,sys,zipfile
z=zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
for i in z.infolist():
  if i.external_attr>>28==10: os.symlink(z.read(i),os.path.join(sys.argv[2],i.filename))
  else: z.extract(i,sys.argv[2])`;

const textsOf = async (folder: string) => Object.fromEntries(Object.entries(await readTree(folder)).map(([path, { is }]) => [path, is]));

describe.each([
  ["ARCHIVE", false],
  ["ARCHIVE", true],
  ["INCREMENTAL", false],
  ["INCREMENTAL", true],
] as const)("of a backup that is kept as %s (encrypted: %s)", (mode, encrypt) => {
  it("a folder leaves as a zip, and what is ticked as a tar, with what lies in them alone", async () => {
    const id = await backUp(mode, encrypt);
    const folder = await unpacked(id, { paths: ["shop/pictures"], format: "ZIP" });
    expect(await readdir(join(folder, "shop"))).toEqual(["pictures"]);
    expect(await textsOf(join(folder, "shop/pictures"))).toEqual(await textsOf(join(media, "pictures")));
    const some = await unpacked(id, { paths: ["shop/c.txt", "shop/other"], format: "TAR" });
    expect(Object.keys(await textsOf(some))).toEqual([".", "shop", "shop/c.txt", "shop/other", "shop/other/b.txt"]);
  });
});

it("all media leave together, under a name that says what is in them", async () => {
  const id = await backUp("ARCHIVE");
  const out = await unpacked(id, { paths: null, format: "TAR" });
  expect(await textsOf(join(out, "shop"))).toEqual(await textsOf(media));
  const names = [null, ["shop/pictures/"], ["shop/c.txt", "shop/other"]].map(async (paths) =>
    (await create(id, { paths, format: "ZIP" })).filename.replace(/^.*-media-[0-9a-f]{8}-/, ""),
  );
  expect(await Promise.all(names)).toEqual(["media.zip", "pictures.zip", "selected.zip"]);
});

it("what the backup does not hold is refused before there is a link", async () => {
  const id = await backUp("INCREMENTAL");
  for (const paths of [[], ["shop/none"], Array.from({ length: 1001 }, (_, at) => `shop/${at}`)])
    await expect(create(id, { paths, format: "ZIP" })).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
  const wanted = { artifact: null, path: "shop/c.txt", archive: { paths: null, format: "ZIP" } } as const;
  await expect(own.app.services.downloads.create(administrator, id, wanted)).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
});

it("a download of a damaged backup breaks the connection, and the log says which and why", async () => {
  const id = await backUp("ARCHIVE");
  const { folder, artifacts } = await own.app.services.backups.existing(id);
  const file = await open(join(own.home, "backups", folder, artifacts[0]?.name ?? ""), "r+");
  await file.write("damaged", 4_000_000);
  await file.close();
  const { path, filename } = await create(id, { paths: ["shop/pictures"], format: "ZIP" });
  const answer = await fetch(`${base}${path}`);
  expect(answer.status).toBe(200);
  await expect(answer.arrayBuffer()).rejects.toThrow();
  await vi.waitFor(() =>
    expect(own.complaints.join("\n")).toContain(`The download of ${filename} broke off: The media archive is damaged`),
  );
  expect(await own.app.reads.downloading([id])).toEqual([]);
});

it("going away closes what was open, and ending the links ends what is read", async () => {
  const id = await backUp("ARCHIVE");
  const port = Number(new URL(base).port);
  const nobodyReads = () => vi.waitFor(async () => expect(await own.app.reads.downloading([id])).toEqual([]));
  const { path } = await create(id, { paths: null, format: "ZIP" });
  const leaving = await rawGet(port, path);
  await leaving.read(1000);
  expect(await own.app.reads.downloading([id])).toHaveLength(1);
  leaving.socket.resetAndDestroy();
  await nobodyReads();
  await using reading = await rawGet(port, path);
  const first = await reading.read(1000);
  await own.app.services.downloads.revoke(administrator, id);
  expect(first.length + (await reading.read(6_000_000)).length).toBeLessThan(6_000_000);
  await nobodyReads();
  expect((await fetch(`${base}${path}`)).status).toBe(404);
  expect(own.complaints.filter((line) => line.includes("unforeseen"))).toEqual([]);
});
