import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { type Pack, pack } from "tar-stream";
import { describe, expect, it } from "vitest";
import type { Entry } from "../../../server/engine/media/entry.ts";
import { tarHeader } from "../../../server/engine/media/header.ts";
import type { IndexEntry } from "../../../server/engine/media/index-line.ts";
import { openIndex } from "../../../server/engine/media/index-reader.ts";
import { StoredFrames } from "../../../server/engine/media/stored-frames.ts";
import { paxSeconds } from "../../../server/engine/media/time.ts";
import { archiveOf, still, untarWithStockTools } from "../../support/media.ts";
import { makeTree, readTree, scratchFolder } from "../../support/trees.ts";

/** Long enough for whole frames. */
const random = randomBytes(13_000_000);
const zeros = Buffer.alloc(13_000_000);
const mixed = {
  "a/notes.txt": random,
  "a/photo.jpg": zeros,
  "b/log": Buffer.alloc(9_000_000, "one line of a log that goes on and on\n"),
  ...Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`c/thumb-${at}.bin`, random.subarray(at * 50_000, at * 90_000 + 3_000)])),
};

describe.each(["ZSTD", "GZIP"] as const)("what is compressed already (%s)", (compression) => {
  it("is stored by what it holds, not by its name, and stock tools read the whole archive", async () => {
    const root = await makeTree(join(await scratchFolder(), "m"), mixed);
    const archive = await archiveOf([root], compression);
    const folder = join(await scratchFolder(), "out");
    await mkdir(folder);
    await untarWithStockTools(archive.bytes, folder, compression);
    expect(await readTree(join(folder, "m"))).toEqual(await readTree(root));

    const index = await openIndex({ storage: archive.storage, folder: "f", manifest: archive.manifest }, still().signal);
    if (!index) throw new Error("There is no index");
    const entries = Array.from({ length: index.length }, (_, at) => index.entry(at));
    const inside = (name: string) =>
      framesIn(
        archive.bytes,
        index.frames,
        entries.find(({ path }) => path === `m/${name}`),
      );
    for (const { stored, size } of inside("a/notes.txt")) expect(stored.length).toBeGreaterThan(size);
    for (const { stored, size } of inside("a/photo.jpg")) expect(stored.length).toBeLessThan(size / 500);
    // Each frame by itself, by the stock program and by ours, is its part of the tar.
    const unpack = (bytes: Buffer) =>
      compression === "ZSTD" ? execFileSync("zstd", ["-dcq"], { input: bytes, maxBuffer: 2 ** 30 }) : gunzipSync(bytes);
    const tar = unpack(archive.bytes);
    const [artifact] = archive.manifest.artifacts;
    if (!artifact) throw new Error("There is no archive");
    const frames = new StoredFrames(archive.storage, "f", artifact, compression, index.frames);
    for (const { stored, at, size } of [...inside("a/notes.txt"), ...inside("a/photo.jpg")]) {
      expect(unpack(stored).equals(tar.subarray(at, at + size))).toBe(true);
      const ours: Uint8Array[] = [];
      for await (const piece of frames.read(at + 7, at + size - 7, still().signal)) ours.push(piece);
      expect(Buffer.concat(ours).equals(tar.subarray(at + 7, at + size - 7))).toBe(true);
    }
    if (compression === "ZSTD") for (const { stored } of inside("a/notes.txt")) expect(blockTypes(stored)).toEqual(new Set(["raw"]));
  });
});

/** The frames that lie wholly in an entry. */
function framesIn(bytes: Buffer, sizes: readonly (readonly [number, number])[], entry: IndexEntry | undefined) {
  const found: { stored: Buffer; at: number; size: number }[] = [];
  let [from, at] = [0, 0];
  for (const [storedSize, size] of sizes) {
    if (entry && at >= entry.at && at + size <= entry.end) found.push({ stored: bytes.subarray(from, from + storedSize), at, size });
    [from, at] = [from + storedSize, at + size];
  }
  expect(found.length).toBeGreaterThan(0);
  return found;
}

/** RFC 8878, 3.1.1: of a frame that says its content's size and has a checksum and no dictionary. */
function blockTypes(frame: Buffer): Set<string> {
  expect(frame.readUInt32LE(0)).toBe(0xfd2fb528);
  const descriptor = frame[4] ?? 0;
  expect([descriptor & 0b100, descriptor & 0b11]).toEqual([0b100, 0]);
  const single = (descriptor & 0b100000) !== 0;
  const sizeBytes = [single ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  expect(sizeBytes).toBeGreaterThan(0);
  const types = new Set<string>();
  for (let at = 5 + (single ? 0 : 1) + sizeBytes; ; ) {
    const header = frame.readUIntLE(at, 3);
    const [last, type, size] = [header & 1, (header >> 1) & 3, header >> 3];
    types.add(["raw", "repeated", "compressed", "reserved"][type] ?? "");
    at += 3 + (type === 1 ? 1 : size);
    if (!last) continue;
    expect(at + 4).toBe(frame.length);
    return types;
  }
}

it("writes headers byte for byte as tar-stream does", async () => {
  const entry: Entry = {
    ...{ kind: "file", root: 0, path: "größe/a file", at: "/m", size: 0, mode: 0o640, mtime: 1_700_000_000_123_456, ctime: 0 },
    ...{ uid: 1000, gid: 100, identity: "", target: null },
  };
  const entries: Entry[] = [
    entry,
    { ...entry, kind: "directory", path: "", mode: 0o2775 },
    { ...entry, kind: "link", target: "../ü", size: 0 },
    { ...entry, path: "n".repeat(600), mtime: 0 },
    { ...entry, size: 9 * 1024 ** 3 },
  ];
  for (const one of entries) {
    const name = one.path ? `m/${one.path}` : "m/";
    const made = pack();
    made.on("error", () => {});
    made.entry({
      ...{ name, mode: one.mode, uid: one.uid, gid: one.gid, size: one.size, mtime: new Date(one.mtime / 1000) },
      ...{ type: one.kind === "link" ? ("symlink" as const) : one.kind, pax: { mtime: paxSeconds(one.mtime) } },
      ...(one.target ? { linkname: one.target } : {}),
    });
    const ours = tarHeader(one, "m");
    const written = await firstBytes(made, ours.length);
    expect(ours.equals(written), `${one.kind} ${one.path.slice(0, 20)} ${one.size}`).toBe(true);
  }
});

/** Of a tar whose entries get no content. */
function firstBytes(made: Pack, length: number): Promise<Buffer> {
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  let written = Buffer.alloc(0);
  made.on("data", (piece) => {
    written = Buffer.concat([written, piece as Buffer]);
    if (written.length < length) return;
    resolve(written.subarray(0, length));
    made.destroy();
  });
  return promise;
}
