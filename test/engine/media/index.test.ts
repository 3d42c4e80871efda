import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { compareArchive } from "../../../server/engine/media/compare.ts";
import type { IndexEntry } from "../../../server/engine/media/index-line.ts";
import { storedArchive } from "../../../server/engine/media/stored-archive.ts";
import { type Archive, archiveOf, nasty, still, untarWithStockTools } from "../../support/media.ts";
import { dir, makeTree, readTree, scratchFolder } from "../../support/trees.ts";

const packings = ["ZSTD", "GZIP", "NONE"] as const;
const { signal } = still();
const endMark = Buffer.alloc(1024);

/** By the stock program: Node's own call may end before the last of several frames. */
const plainOf = (bytes: Buffer, compression: (typeof packings)[number]) =>
  compression === "ZSTD"
    ? execFileSync("zstd", ["-dcq"], { input: bytes, maxBuffer: 2 ** 30 })
    : compression === "GZIP"
      ? gunzipSync(bytes)
      : bytes;

/** The nasty folder, packed; the index as lines. */
async function nastyArchive(compression: (typeof packings)[number]) {
  const root = await makeTree(join(await scratchFolder(), "media"), nasty);
  const archive = await archiveOf([root], compression);
  const lines = plainOf(archive.index, compression)
    .toString()
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  return { root, archive, entries: lines.slice(0, -1) as IndexEntry[], frames: lines.at(-1).frames as [number, number][] };
}

describe.each(packings)("an archive in %s", (compression) => {
  it("has an index with each entry's facts and its very place in the tar", async () => {
    const { root, archive, entries, frames } = await nastyArchive(compression);
    const tree = await readTree(root);
    expect(Object.fromEntries(entries.map(({ path, kind }) => [path, kind.toLowerCase()]))).toEqual(
      Object.fromEntries(Object.entries(tree).map(([path, { kind }]) => [path === "." ? "media" : `media/${path}`, kind])),
    );
    const tar = plainOf(archive.bytes, compression);
    let at = 0;
    for (const entry of entries) {
      const seen = tree[entry.path === "media" ? "." : entry.path.slice(6)];
      expect(entry.sha256 ?? entry.target ?? null, entry.path).toBe(seen?.is);
      expect([entry.mode.toString(8), new Date(Math.round(entry.mtime)).toISOString()], entry.path).toEqual([seen?.mode, seen?.mtime]);
      expect(entry.at).toBe(at);
      at = entry.end;
    }
    expect(tar.length).toBe(at + endMark.length);
    expect(frames.reduce((sum, [, size]) => sum + size, 0)).toBe(compression === "NONE" ? 0 : tar.length);
  });

  it("gives any range of entries to stock tar", async () => {
    const { root, archive, entries } = await nastyArchive(compression);
    const tar = plainOf(archive.bytes, compression);
    const folder = join(await scratchFolder(), "out");
    for (const [number, entry] of entries.entries()) {
      if (entry.kind === "DIRECTORY") continue;
      const one = join(folder, String(number), "x");
      await mkdir(one, { recursive: true });
      await untarWithStockTools(Buffer.concat([tar.subarray(entry.at, entry.end), endMark]), one, "NONE");
      if (entry.kind === "FILE")
        expect((await readFile(join(one, entry.path))).equals(await readFile(join(root, "..", entry.path)))).toBe(true);
      else expect((await readTree(one))[entry.path]?.is).toBe(entry.target);
    }
  });

  it("gives chosen paths with the folders that lead to them, and reads no more than their frames", async () => {
    const large = Object.fromEntries(Array.from({ length: 12 }, (_, at) => [`${at}.bin`, Buffer.alloc(3_000_000, randomLike(at))]));
    const root = await makeTree(join(await scratchFolder(), "m"), {
      ...large,
      "a/b/c.txt": "c",
      "a/b/d/": dir(),
      "a/e.txt": "e",
      "ab/x": "x",
    });
    const archive = await archiveOf([root], compression);
    const read: number[] = [];
    const content = storedArchive(
      {
        ...archive.storage,
        get: async (name, range) => {
          const bytes = await buffer(await archive.storage.get(name, range));
          if (range) read.push(bytes.length);
          return archive.storage.get(name, range);
        },
      },
      "f",
      archive.manifest,
    );
    const found: Record<string, number> = {};
    for await (const entry of content.entries(["m/a/b/", "m/a/b/c.txt", "m/5.bin"], signal))
      found[entry.name] = (await buffer(entry.body as never)).length;
    expect(found).toEqual({ "m/": 0, "m/5.bin": 3_000_000, "m/a/": 0, "m/a/b/": 0, "m/a/b/c.txt": 1, "m/a/b/d/": 0 });
    expect(read.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(archive.bytes.length * (compression === "NONE" ? 0.1 : 0.6));
    expect(await content.measure(["m/a"])).toMatchObject({ files: 2, directories: 4, links: 0 });
    await expect(buffer(content.entries(["m/no such"], signal) as never)).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
    await content.verify(["m/a"], still(), () => {});
    await content.verify(null, still(), () => {});
  });
});

/** Incompressible enough that frames stay large. */
const randomLike = (seed: number) => createHash("sha512").update(String(seed)).digest();

it("finds chosen paths in an older archive without an index", async () => {
  const root = await makeTree(join(await scratchFolder(), "m"), { "a/b": "b", "ab/c": "c" });
  const { storage, manifest } = await archiveOf([root]);
  const content = storedArchive(storage, "f", { ...manifest, media: manifest.media && { ...manifest.media, index: null } });
  const names: string[] = [];
  for await (const { name } of content.entries(["m/a"], signal)) names.push(name);
  expect(names).toEqual(["m/", "m/a/", "m/a/b"]);
  expect(content.list).toBeUndefined();
  await expect(buffer(content.entries(["m/z"], signal) as never)).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
});

describe("a comparison of an archive with its list", () => {
  const tree = { "a.txt": "a", "b.txt": "b", "c/d.txt": "d" };
  const made = async (change: Record<string, string> = {}, without?: string) => {
    const { [without ?? ""]: _, ...rest } = { ...tree, ...change } as Record<string, string>;
    return archiveOf([await makeTree(join(await scratchFolder(), "m"), rest)], "NONE");
  };
  /** The archive of one backup with the list of another, each with right checksums. */
  const mixed = ({ bytes, manifest }: Archive, listed: Archive) => {
    const media = manifest.media && { ...manifest.media, index: listed.manifest.media?.index ?? null };
    listed.storage.files.set("f/media.tar", bytes);
    return storedArchive(listed.storage, "f", { ...manifest, media });
  };

  it("finds nothing when all is as it was", async () => {
    const { storage, manifest } = await made();
    expect(await compareArchive(storedArchive(storage, "f", manifest), signal, () => {})).toEqual({ filesChecked: 3, problems: [] });
  });

  it.each([
    ["another content", { "b.txt": "x" }, undefined, ['"m/b.txt" has another content than was stored.']],
    ["another size", { "b.txt": "longer" }, undefined, ['"m/b.txt" has 6 bytes, and had 1.']],
    ["one too many", { "aa.txt": "new" }, undefined, ['"m/aa.txt" is in the archive, but not in its list.']],
    ["one missing", {}, "a.txt", ['"m/a.txt" is missing from the archive.']],
  ])("names %s", async (_, change, without, problems) => {
    const content = mixed(await made(change, without), await made());
    expect(await compareArchive(content, signal, () => {})).toMatchObject({ problems });
  });

  it("tells of damage as a problem", async () => {
    const { storage, manifest, bytes } = await made();
    const flipped = Buffer.from(bytes);
    flipped[1600] = (flipped[1600] ?? 0) ^ 1;
    storage.files.set("f/media.tar", flipped);
    const { problems } = await compareArchive(storedArchive(storage, "f", manifest), signal, () => {});
    expect(problems).toEqual([expect.stringMatching(/media\.tar|archive/)]);
  });
});

describe("a damaged archive or index is refused when only some of it is read:", () => {
  it.each(packings)("a bit flipped in the frames that are read, or in the index (%s)", async (compression) => {
    const root = await makeTree(join(await scratchFolder(), "m"), { "a.txt": "a".repeat(5000), "b.txt": "b" });
    const { storage, manifest, bytes, index } = await archiveOf([root], compression);
    const content = () => storedArchive(storage, "f", manifest);
    const drain = async () => {
      for await (const entry of content().entries(["m/a.txt", "m/b.txt"], signal)) for await (const _ of entry.body);
    };
    await drain();
    const inContent = bytes.indexOf("aaaa") / bytes.length;
    const inTime = (bytes.lastIndexOf("mtime=") + 10) / bytes.length;
    for (const part of compression === "NONE" ? [inContent, inTime] : [0.2, 0.5, 0.8]) {
      storage.files.set(manifest.artifacts[0]?.name ? `f/${manifest.artifacts[0].name}` : "", flippedAt(bytes, part));
      await expect(drain(), `archive at ${part}`).rejects.toMatchObject({ code: "ARTIFACT_CORRUPT" });
      await expect(content().verify(null, still(), () => {})).rejects.toMatchObject({ code: "ARTIFACT_CORRUPT" });
    }
    storage.files.set(`f/${manifest.artifacts[0]?.name}`, bytes);
    for (const part of [0, 0.5, 0.99]) {
      storage.files.set(`f/${manifest.media?.index?.name}`, flippedAt(index, part));
      await expect(drain(), `index at ${part}`).rejects.toMatchObject({ code: "ARTIFACT_CORRUPT" });
      await expect(content().verify(null, still(), () => {})).rejects.toMatchObject({ code: "ARTIFACT_CORRUPT" });
    }
    for (const cut of [0, 1, index.length - 1]) {
      storage.files.set(`f/${manifest.media?.index?.name}`, index.subarray(0, cut));
      await expect(drain(), `index cut at ${cut}`).rejects.toMatchObject({ code: "ARTIFACT_CORRUPT" });
    }
    storage.files.set(`f/${manifest.media?.index?.name}`, Buffer.concat([index, Buffer.from("\n")]));
    await expect(drain(), "index with more").rejects.toMatchObject({ code: "ARTIFACT_CORRUPT" });
  });
});

function flippedAt(bytes: Buffer, part: number): Buffer {
  const flipped = Buffer.from(bytes);
  const at = Math.floor(bytes.length * part);
  flipped[at] = (flipped[at] ?? 0) ^ 1;
  return flipped;
}
