import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { type Header, pack } from "tar-stream";
import { describe, expect, it } from "vitest";
import { stageMedia } from "../../../server/engine/media/stage.ts";
import { storedArchive } from "../../../server/engine/media/stored-archive.ts";
import { finishMedia, swapMedia } from "../../../server/engine/media/swap.ts";
import type { Compression } from "../../../shared/enums.ts";
import { archiveOf, loadOf, packed, still } from "../../support/media.ts";
import { makeTree, readTree, scratchFolder } from "../../support/trees.ts";

type Made = Partial<Header> & { name: string; body?: string };

async function tarOf(...entries: Made[]): Promise<Buffer> {
  const made = pack();
  for (const { body, ...header } of entries) made.entry({ mtime: new Date(0), ...header }, body ?? "");
  made.finalize();
  return buffer(made as unknown as AsyncIterable<Uint8Array> as never);
}

/** What the manifest of such an archive would say, so that nothing is refused for its number. */
const countsOf = (entries: readonly Made[]) => ({
  files: entries.filter(({ type }) => !type || type === "link").length,
  directories: entries.filter(({ type }) => type === "directory").length,
  links: entries.filter(({ type }) => type === "symlink").length,
});

/** The tree below: the time of `top` itself changes as folders come and go in it. */
const seen = async (top: string) => ({ ...(await readTree(top)), ".": null });

/** Stages a tar into the one root "m" of a new folder that also holds a neighbour. */
async function stage(
  bytes: Buffer,
  counts: { files?: number; directories?: number; links?: number } = {},
  compression: Compression = "NONE",
) {
  const top = await scratchFolder();
  await makeTree(join(top, "m"), { "kept.txt": "kept" });
  await makeTree(join(top, "neighbour"), { "kept.txt": "kept" });
  const was = await seen(top);
  const expected = { roots: [], files: 0, directories: 0, links: 0, problems: [], index: null, packs: null, ...counts };
  const load = loadOf(bytes, expected, [{ path: join(top, "m"), prefix: "m" }], { compression });
  return { top, was, plan: stageMedia(load) };
}

const folder: Made = { name: "m", type: "directory" };
const outside = "/tmp/holdfast-must-not-be-there";

describe("a hostile archive is refused by the name of its entry, with nothing written outside and nothing left:", () => {
  const cases: [string, Made[], string][] = [
    ["a name that climbs out", [folder, { name: "m/../../x", body: "x" }], "m/../../x"],
    ["a name that climbs and comes back", [folder, { name: "m/a/../b", body: "x" }], "m/a/../b"],
    ["a name that begins by climbing", [{ name: "../m/x", body: "x" }], "../m/x"],
    ["an absolute name", [{ name: outside, body: "x" }], outside],
    ["an absolute name with two slashes", [{ name: "//m/x", body: "x" }], "//m/x"],
    ["a pax name over a harmless one", [{ name: "m/x", body: "x", pax: { path: outside } }], outside],
    ["a folder of no root", [folder, { name: "other/x", body: "x" }], "other/x"],
    ["a root's name with more to it", [{ name: "m2/x", body: "x" }], "m2/x"],
    ["a file in the root's place", [{ name: "m", body: "x" }], "m"],
    ["a link in the root's place", [{ name: "m", type: "symlink", linkname: "/tmp" }], "m"],
    ["a file written through a link", [folder, { name: "m/l", type: "symlink", linkname: "/tmp" }, { name: "m/l/x", body: "x" }], "m/l"],
    ["a file over a link", [folder, { name: "m/l", type: "symlink", linkname: outside }, { name: "m/l", body: "x" }], "m/l"],
    [
      "a link over a file",
      [
        { name: "m/l", body: "x" },
        { name: "m/l", type: "symlink", linkname: outside },
      ],
      "m/l",
    ],
    [
      "a file twice",
      [
        { name: "m/a", body: "x" },
        { name: "m/a", body: "y" },
      ],
      "m/a",
    ],
    [
      "a file twice, spelled in two ways",
      [
        { name: "m/a", body: "x" },
        { name: "./m//./a", body: "y" },
      ],
      "./m//./a",
    ],
    ["a folder twice", [folder, { name: "m/d", type: "directory" }, { name: "m/d/", type: "directory" }], "m/d/"],
    [
      "a folder over a file",
      [
        { name: "m/a", body: "x" },
        { name: "m/a", type: "directory" },
      ],
      "m/a",
    ],
    [
      "a file below a file",
      [
        { name: "m/a", body: "x" },
        { name: "m/a/b", body: "x" },
      ],
      "m/a/b",
    ],
    ["a hard link out", [folder, { name: "m/h", type: "link", linkname: "/etc/passwd" }], "/etc/passwd"],
    [
      "a hard link that climbs",
      [folder, { name: "m/h", type: "link", linkname: "m/../../neighbour/kept.txt" }],
      "m/../../neighbour/kept.txt",
    ],
    [
      "a hard link before its target",
      [
        { name: "m/h", type: "link", linkname: "m/a" },
        { name: "m/a", body: "x" },
      ],
      "m/h",
    ],
    [
      "a hard link to a link",
      [
        { name: "m/l", type: "symlink", linkname: "/etc/passwd" },
        { name: "m/h", type: "link", linkname: "m/l" },
      ],
      "m/h",
    ],
    ["a character device", [{ name: "m/null", type: "character-device", devmajor: 1, devminor: 3 }], "m/null"],
    ["a block device", [{ name: "m/sda", type: "block-device" }], "m/sda"],
    ["a pipe", [{ name: "m/pipe", type: "fifo" }], "m/pipe"],
    ["a name of 300 bytes", [{ name: `m/${"n".repeat(300)}`, body: "x" }], `m/${"n".repeat(300)}`],
    ["GNU's sparse form", [{ name: "m/s", body: "x", pax: { "GNU.sparse.major": "1" } }], "m/s"],
  ];
  it.each(cases)("%s", async (_, entries, name) => {
    const { top, was, plan } = await stage(await tarOf(...entries), countsOf(entries));
    await expect(plan).rejects.toMatchObject({ code: "ARTIFACT_UNSAFE", message: expect.stringContaining(JSON.stringify(name)) });
    expect(await seen(top)).toEqual(was);
    expect(await readdir("/tmp")).not.toContain("holdfast-must-not-be-there");
  });
});

it("keeps links as what they say, wherever they point, and follows none", async () => {
  const entries: Made[] = [
    { name: "m/abs", type: "symlink", linkname: "/etc/passwd" },
    { name: "m/up", type: "symlink", linkname: "../neighbour" },
    folder,
  ];
  const { top, plan } = await stage(await tarOf(...entries), { links: 2, directories: 1 });
  const staged = await plan;
  await swapMedia(staged);
  await finishMedia(staged);
  const { "m/abs": abs, "m/up": up, "neighbour/kept.txt": kept } = await readTree(top);
  expect([abs?.is, up?.is, kept?.kind]).toEqual(["/etc/passwd", "../neighbour", "file"]);
});

it("takes an archive of GNU tar's own: ./ names, hard links, long names, no exact times", async () => {
  const top = await scratchFolder();
  await makeTree(join(top, "m"), { a: "a", [`${"d".repeat(90)}/${"e".repeat(120)}`]: "long", "ü/x": "x" });
  execFileSync("ln", [join(top, "m/a"), join(top, "m/z")]);
  const bytes = execFileSync("tar", ["-C", top, "-cf", "-", "./m"], { maxBuffer: 1e8 });
  const was = await readTree(join(top, "m"));
  const staged = await stage(bytes, { files: 4, directories: 3 });
  await swapMedia(await staged.plan);
  const times = (tree: typeof was) => JSON.stringify(tree).replaceAll(/\.\d{3}Z/g, "Z");
  expect(times(await readTree(join(staged.top, "m")))).toBe(times(was));
});

describe("a damaged archive is refused, the process stays up and nothing is left:", () => {
  const small = { "a.txt": "a", "b.txt": "b".repeat(700), "sub/c.txt": "c" };
  const original = scratchOnce(async () => {
    const top = await scratchFolder();
    await makeTree(join(top, "m"), small);
    return packed([join(top, "m")], [], "NONE");
  });
  const zipped = scratchOnce(async () => {
    const top = await scratchFolder();
    await makeTree(join(top, "m"), small);
    return packed([join(top, "m")]);
  });
  const right = { files: 3, directories: 2 };
  const corrupt = { code: "ARTIFACT_CORRUPT" };

  it("cut anywhere, also between two entries and before its end mark", async () => {
    const { bytes } = await original();
    const cuts = [0, 1, 511, 512, 513, 1536, 2048, 3000, bytes.length - 1536, bytes.length - 1024, bytes.length - 512, bytes.length - 1];
    for (const length of cuts) {
      const { top, was, plan } = await stage(bytes.subarray(0, length), right);
      await expect(plan, `cut at ${length}`).rejects.toMatchObject(corrupt);
      expect(await seen(top)).toEqual(was);
    }
  });

  it("cut at an entry's edge, with counts and checksum to match", async () => {
    const whole = await tarOf(folder, { name: "m/a", body: "x" }, { name: "m/b", body: "\0".repeat(1024) });
    const { plan } = await stage(whole.subarray(0, -1024), { files: 2, directories: 1 });
    await expect(plan).rejects.toMatchObject({ ...corrupt, message: expect.stringContaining("end mark") });
  });

  it("text, or zeros only", async () => {
    for (const bytes of [Buffer.from("<html>not found</html>".repeat(100)), Buffer.alloc(10_240)])
      await expect((await stage(bytes, right)).plan).rejects.toMatchObject(corrupt);
  });

  it.each(["ZSTD", "GZIP", "NONE"] as const)("cut at a frame's edge, or with more behind it (%s)", async (compression) => {
    const top = await scratchFolder();
    // Several frames, where it is compressed.
    await makeTree(join(top, "m"), { "large.bin": randomBytes(9_000_000), "z.txt": "z" });
    const { storage, manifest, bytes, index } = await archiveOf([join(top, "m")], compression);
    const plain = compression === "ZSTD" ? zstdDecompressSync(index) : compression === "GZIP" ? gunzipSync(index) : index;
    const { frames } = JSON.parse(plain.toString().trimEnd().split("\n").at(-1) ?? "") as { frames: [number, number][] };
    expect(frames.length).toBeGreaterThanOrEqual(compression === "NONE" ? 0 : 3);
    const edges = frames.map((_, at) => frames.slice(0, at).reduce((sum, [stored]) => sum + stored, 0));
    const spoilt: [string, Buffer][] = [
      ...[...edges, 0, 1, bytes.length - 1].map((at): [string, Buffer] => [`cut at ${at}`, bytes.subarray(0, at)]),
      ["more zeros", Buffer.concat([bytes, Buffer.alloc(512)])],
      ["itself once more", Buffer.concat([bytes, bytes])],
      ["an empty frame", Buffer.concat([bytes, compression === "GZIP" ? gzipSync("") : zstdCompressSync("")])],
    ];
    for (const [what, altered] of spoilt) {
      const target = await scratchFolder();
      await makeTree(join(target, "m"), { "kept.txt": "kept" });
      const was = await seen(target);
      storage.files.set(`f/${manifest.artifacts[0]?.name}`, altered);
      const content = storedArchive(storage, "f", manifest);
      const load = { roots: [{ path: join(target, "m"), prefix: "m" }], content, restoreId: "0a1b2c3d", observe() {}, ...still() };
      await expect(
        content.verify(null, still(), () => {}),
        what,
      ).rejects.toMatchObject(corrupt);
      await expect(stageMedia({ ...load, paths: null, mode: "REPLACE" }), what).rejects.toMatchObject(corrupt);
      await expect(stageMedia({ ...load, paths: ["m/large.bin"], mode: "OVERWRITE" }), what).rejects.toMatchObject(corrupt);
      expect(await seen(target), what).toEqual(was);
    }
  });

  it("compressed and with one bit flipped anywhere", async () => {
    const { bytes } = await zipped();
    for (const part of [0, 0.3, 0.6, 0.99]) {
      const flipped = Buffer.from(bytes);
      const at = Math.floor(bytes.length * part);
      flipped[at] = (flipped[at] ?? 0) ^ 1;
      const { top, was, plan } = await stage(flipped, right, "ZSTD");
      await expect(plan, `flipped at ${at}`).rejects.toMatchObject(corrupt);
      expect(await seen(top)).toEqual(was);
    }
  });
});

/** Makes it at the first call, in the test that asks first. */
function scratchOnce<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

// A file system of 1 MB in a mount namespace of its own.
it.runIf(process.getuid?.() === 0)("says that the target's disk is full, and leaves it as it was", async () => {
  const top = await scratchFolder();
  await mkdir(join(top, "x"));
  await writeFile(join(top, "x/a.tar"), await tarOf(folder, { name: "m/large", body: "x".repeat(3_000_000) }));
  await mkdir(join(top, "small"));
  const script = `
    import { stageMedia } from ${JSON.stringify(join(process.cwd(), "server/engine/media/stage.ts"))};
    import { storedArchive } from ${JSON.stringify(join(process.cwd(), "server/engine/media/stored-archive.ts"))};
    import { localStorage } from ${JSON.stringify(join(process.cwd(), "server/engine/storage/local.ts"))};
    import { mkdirSync, readdirSync } from "node:fs";
    mkdirSync("m");
    const media = { roots: [], files: 1, directories: 1, links: 0, problems: [], index: null, packs: null };
    const artifacts = [{ name: "a.tar", part: "media", size: 0, storedSize: 4e6, sha256: "" }];
    const content = storedArchive(localStorage(${JSON.stringify(top)}), "x", { compression: "NONE", media, artifacts });
    const error = await stageMedia({ roots: [{ path: process.cwd() + "/m", prefix: "m" }], content, paths: null, mode: "REPLACE", restoreId: "0a1b2c3d", signal: new AbortController().signal, say() {}, observe() {} }).catch((error) => error);
    console.log(JSON.stringify({ code: error.code, reason: error.reason, left: readdirSync(".") }));`;
  const output = execFileSync("unshare", [
    "-m",
    "sh",
    "-c",
    'mount -t tmpfs -o size=1m tmpfs "$1" && cd "$1" && exec "$2" --input-type=module-typescript -e "$3"',
    "sh",
    join(top, "small"),
    process.execPath,
    script,
  ]);
  expect(JSON.parse(output.toString())).toEqual({ code: "LOAD_FAILED", reason: "TARGET_FULL", left: ["m"] });
});
