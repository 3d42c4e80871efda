import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, lstat, mkdir, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { extract } from "tar-stream";
import { describe, expect, it } from "vitest";
import { openContent } from "../../../server/engine/media/content.ts";
import { lookAt, lookInside } from "../../../server/engine/media/folder.ts";
import { openPack } from "../../../server/engine/media/pack.ts";
import { logPatterns, measure } from "../../../server/engine/media/walk.ts";
import { nasty, packed, still, untarWithStockTools } from "../../support/media.ts";
import { dir, fifo, link, makeTree, readTree, scratchFolder } from "../../support/trees.ts";

const zstd = { compression: "ZSTD", level: 3 } as const;
const none = { compression: "NONE", level: 0 } as const;

async function unpackedByTar(bytes: Buffer): Promise<string> {
  const folder = join(await scratchFolder(), "out");
  await mkdir(folder);
  await untarWithStockTools(bytes, folder);
  return folder;
}

describe("a packed media folder", () => {
  it("comes back from stock tar with every name, mode, time, owner, link and byte", async () => {
    const root = await makeTree(join(await scratchFolder(), "media"), nasty);
    const { bytes, summary, size, progress } = await packed([root]);
    const folder = await unpackedByTar(bytes);
    expect(await readTree(join(folder, "media"))).toEqual(await readTree(root));
    const kinds = Object.values(await readTree(root)).map(({ kind }) => kind);
    const count = (kind: string) => kinds.filter((each) => each === kind).length;
    expect(summary).toEqual({
      roots: [{ path: root, prefix: "media" }],
      files: count("file"),
      directories: count("directory"),
      links: count("link"),
      index: null,
      packs: null,
      problems: [],
    });
    expect(progress.bytes).toBe(size);
  });

  it("measures beforehand what it will be, to a few percent", async () => {
    const root = await makeTree(join(await scratchFolder(), "media"), nasty);
    const expected = await measure([root], [], still().signal);
    const { size, summary } = await packed([root], [], "NONE");
    expect(expected.files).toBe(summary.files);
    expect(expected.bytes / size).toBeGreaterThan(0.97);
    expect(expected.bytes / size).toBeLessThan(1.03);
  });

  it("holds each root below its own name, made unique", async () => {
    const top = await scratchFolder();
    const roots = await Promise.all(["x/media", "y/media", "z/Media", "logs"].map((name) => makeTree(join(top, name), { "is.txt": name })));
    const { bytes, summary } = await packed(roots);
    expect(summary.roots.map(({ prefix }) => prefix)).toEqual(["media", "media-2", "Media-3", "logs"]);
    const folder = await unpackedByTar(bytes);
    for (const [index, { prefix }] of summary.roots.entries())
      expect(await readTree(join(folder, prefix))).toEqual(await readTree(roots[index] ?? ""));
  });

  it("is the same, byte for byte, each time", async () => {
    const root = await makeTree(join(await scratchFolder(), "media"), nasty);
    expect((await packed([root])).bytes.equals((await packed([root])).bytes)).toBe(true);
  });
});

it.each([
  ["log files and their folders", logPatterns, ["a.log", "a.log.1", "b/c.log.2.gz", "logs/x.txt", "b/logs/y.txt"]],
  ["a pattern at the root only", ["/cache"], ["cache/one"]],
  ["a pattern with an exception", ["*.tmp", "!keep.tmp"], ["x.tmp"]],
  ["a nested pattern, by case", ["b/**/*.JPG"], ["b/deep/er/y.JPG"]],
])("leaves out %s", async (_, exclude, gone) => {
  const all = ["a.log", "a.log.1", "b/c.log.2.gz", "logs/x.txt", "b/logs/y.txt", "catalog.txt", "cache/one", "b/cache/two"];
  const more = ["x.tmp", "keep.tmp", "b/x.jpg", "b/deep/er/y.JPG", "y.JPG"];
  const root = await makeTree(join(await scratchFolder(), "m"), Object.fromEntries([...all, ...more].map((name) => [name, name])));
  const folder = await unpackedByTar((await packed([root], exclude)).bytes);
  const kept = Object.entries(await readTree(join(folder, "m"))).filter(([, { kind }]) => kind === "file");
  expect(kept.map(([name]) => name)).toEqual([...all, ...more].filter((name) => !gone.includes(name)).sort());
});

describe("what cannot be packed", () => {
  it("is listed when it is a pipe, a socket or a device, and blocks nothing", async () => {
    const root = await makeTree(join(await scratchFolder(), "m"), { "a.txt": "a", "b/pipe": fifo(), "c.txt": "c" });
    execFileSync("python3", ["-c", "import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])", join(root, "socket")]);
    const { summary } = await packed([root]);
    expect(summary.files).toBe(2);
    expect(summary.problems).toEqual([
      { path: join(root, "b/pipe"), problem: expect.stringContaining("named pipe") },
      { path: join(root, "socket"), problem: expect.stringContaining("socket") },
    ]);
  });

  it("is listed when its name is not UTF-8, and the rest is packed", async () => {
    const root = await makeTree(join(await scratchFolder(), "m"), { "z.txt": "z" });
    await writeFile(Buffer.concat([Buffer.from(`${root}/caf`), Buffer.from([0xe9])]), "latin");
    const { summary } = await packed([root]);
    expect(summary).toMatchObject({ files: 1, problems: [{ problem: expect.stringContaining("not valid UTF-8") }] });
  });

  it.each([
    ["is not there", (root: string) => rm(root, { recursive: true })],
    ["is not a folder", (root: string) => rm(root, { recursive: true }).then(() => writeFile(root, "a file"))],
  ])("is refused before anything is read when a root %s", async (why, spoil) => {
    const root = await makeTree(join(await scratchFolder(), "m"), { a: "a" });
    await spoil(root);
    await expect(openPack({ roots: [root], exclude: [], packing: zstd, ...still() })).rejects.toMatchObject({
      code: "SOURCE_UNAVAILABLE",
      message: `The media folder ${root} ${why}.`,
      hint: expect.stringContaining("mount"),
    });
    await expect(measure([root], [], still().signal)).rejects.toMatchObject({ code: "SOURCE_UNAVAILABLE" });
  });

  it("is refused when one root lies in another", async () => {
    const root = await makeTree(join(await scratchFolder(), "m"), { "sub/a": "a" });
    const roots = [join(root, "sub"), root];
    await expect(openPack({ roots, exclude: [], packing: zstd, ...still() })).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
  });
});

/** More than what is read ahead, so that what comes after them is looked at after the change. */
const fillers = Array.from({ length: 40 }, (_, index) => `1 filler ${index}`);

/** Begins to pack, changes something when the first bytes are there, and gives the archive's entries. The large file comes first. */
async function packWhile(change: (root: string) => Promise<unknown>) {
  const large = Buffer.alloc(40_000_000, "large");
  const some = Object.fromEntries(fillers.map((name) => [name, Buffer.alloc(1_000_000)]));
  const root = await makeTree(join(await scratchFolder(), "m"), { "0 large": large, ...some, "2 folder/inner": "inner" });
  await using reader = await openPack({ roots: [root], exclude: [], packing: none, ...still() });
  const chunks: Uint8Array[] = [];
  for await (const chunk of reader.bytes) {
    if (chunks.push(chunk) === 1) await change(root);
  }
  const { summary } = await reader.done;
  const sizes: Record<string, number> = {};
  const extractor = extract();
  Readable.from(chunks).pipe(extractor as unknown as NodeJS.WritableStream);
  for await (const entry of extractor) {
    sizes[entry.header.name] = (await buffer(entry as unknown as Readable)).length;
  }
  const problems = summary.problems.map(({ path, problem }) => `${path.slice(root.length + 1)} ${problem}`);
  return { sizes, problems };
}

describe("a folder that changes while it is packed gives a well-formed archive and a list:", () => {
  const filled = Object.fromEntries(fillers.map((name) => [`m/${name}`, 1_000_000]));
  const whole = { "m/": 0, "m/0 large": 40_000_000, ...filled, "m/2 folder/": 0, "m/2 folder/inner": 5 };

  it.each([
    ["a file shrinks", (root: string) => truncate(join(root, "0 large"), 10_000_000), /^0 large shrank while it was read: after \d/],
    ["a file grows", (root: string) => appendFile(join(root, "0 large"), "more"), /^0 large grew while it was read/],
    ["a file is written to", (root: string) => writeFile(join(root, "0 large"), "x", { flag: "r+" }), /^0 large changed while it was read/],
  ])("%s", async (_, change, problem) => {
    const { sizes, problems } = await packWhile(change);
    expect(sizes).toEqual(whole);
    expect(problems).toEqual([expect.stringMatching(problem)]);
  });

  it("files vanish, and files are saved anew", async () => {
    const { sizes, problems } = await packWhile(async (root) => {
      await rm(join(root, "2 folder/inner"));
      await writeFile(join(root, "temporary"), "saved anew");
      await rename(join(root, "temporary"), join(root, "1 filler 9"));
    });
    const { "m/2 folder/inner": _, ...rest } = whole;
    expect(sizes).toEqual({ ...rest, "m/1 filler 9": 10 });
    expect(problems).toEqual([]);
  });

  it("a folder becomes a link that leads out, and what it leads to is not packed", async () => {
    const outside = await makeTree(await scratchFolder(), { inner: "secret", "more secrets": "secret" });
    const { sizes } = await packWhile(async (root) => {
      await rename(join(root, "2 folder"), join(root, "3 moved"));
      await symlink(outside, join(root, "2 folder"));
    });
    expect(Object.keys(sizes)).not.toContain("m/2 folder/more secrets");
    expect(sizes["m/2 folder/inner"]).toBeUndefined();
  });
});

describe("between being seen and being read,", () => {
  const entryOf = (path: string) => {
    const found = lookAt(path, { root: 0, path: "m", at: path });
    if (found.kind === "skipped") throw new Error(found.problem);
    return found;
  };

  it.each([
    ["a pipe", (path: string) => execFileSync("mkfifo", [path])],
    ["a link", (path: string) => symlink("/etc/passwd", path)],
    ["a folder", (path: string) => mkdir(path)],
  ])("a file that became %s is told and not read", async (_, replace) => {
    const path = join(await makeTree(await scratchFolder(), { a: "a" }), "a");
    const entry = entryOf(path);
    await rm(path);
    await replace(path);
    expect(openContent(entry)).toEqual({ problem: expect.stringContaining("replaced") });
  });

  it("a folder on the way that became a link leads nowhere", async () => {
    const top = await scratchFolder();
    await makeTree(join(top, "m"), { "a/b/c": "mine" });
    await makeTree(join(top, "outside"), { "b/c": "secret" });
    const [file, folder] = [entryOf(join(top, "m/a/b/c")), entryOf(join(top, "m/a/b"))];
    await rename(join(top, "m/a"), join(top, "m/moved"));
    await symlink(join(top, "outside"), join(top, "m/a"));
    expect(openContent(file)).toEqual({ problem: expect.stringContaining("replaced") });
    expect([...lookInside(folder)]).toEqual([expect.objectContaining({ kind: "skipped", problem: expect.stringContaining("moved") })]);
  });
});

describe("a pack that is left", () => {
  it("rejects with the reason of its signal and leaves no child", async () => {
    const root = await makeTree(join(await scratchFolder(), "m"), { large: Buffer.alloc(20_000_000, "x") });
    const abort = new AbortController();
    const reason = new Error("cancelled by its user");
    await using reader = await openPack({ roots: [root], exclude: [], packing: zstd, signal: abort.signal, say: () => {} });
    const failed = expect(buffer(reader.bytes)).rejects.toThrow();
    setImmediate(() => abort.abort(reason));
    await failed;
    await expect(reader.done).rejects.toBe(reason);
  });

  it("rejects when its process is killed, and never ends as if it were whole", async () => {
    const root = await makeTree(join(await scratchFolder(), "m"), { large: Buffer.alloc(60_000_000, "x") });
    await using reader = await openPack({ roots: [root], exclude: [], packing: none, ...still() });
    const read = async () => {
      let pieces = 0;
      for await (const _ of reader.bytes)
        if (++pieces === 1) execFileSync("pkill", ["-KILL", "-P", String(process.pid), "-f", "pack-child"]);
    };
    await expect(read()).rejects.toMatchObject({ code: "INTERNAL", message: expect.stringContaining("SIGKILL") });
    await expect(reader.done).rejects.toMatchObject({ code: "INTERNAL" });
  });

  it("ends when its reader goes away", async () => {
    const root = await makeTree(join(await scratchFolder(), "m"), { large: Buffer.alloc(20_000_000, "x") });
    await using reader = await openPack({ roots: [root], exclude: [], packing: none, ...still() });
    for await (const _ of reader.bytes) break;
    await expect(reader.done).rejects.toThrow();
  });
});

// Only an account without root's rights meets a file that it may not read.
it.runIf(process.getuid?.() === 0)("lists what the account may not read, and packs the rest", async () => {
  const top = await scratchFolder();
  const root = await makeTree(join(top, "m"), { "closed/x": "x", "open.txt": "o", "secret.txt": "s", link: link("open.txt") });
  for (const path of ["secret.txt", "closed"]) execFileSync("chmod", ["000", join(root, path)]);
  execFileSync("chmod", ["755", top]);
  const script = `
    import { openPack } from ${JSON.stringify(join(process.cwd(), "server/engine/media/pack.ts"))};
    process.setgid(65534); process.setuid(65534);
    await using reader = await openPack({ roots: [${JSON.stringify(root)}], exclude: [], packing: { compression: "NONE", level: 0 }, signal: new AbortController().signal, say() {} });
    for await (const _ of reader.bytes);
    console.log(JSON.stringify((await reader.done).summary));`;
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  const [output] = await Promise.all([buffer(child.stdout), once(child, "exit")]);
  expect(JSON.parse(output.toString())).toMatchObject({
    files: 1,
    links: 1,
    directories: 2,
    problems: [
      { path: join(root, "closed"), problem: expect.stringContaining("may not be read") },
      { path: join(root, "secret.txt"), problem: expect.stringContaining("may not be read") },
    ],
  });
  expect((await lstat(root)).isDirectory()).toBe(true);
});

it("packs a root that holds nothing, and one that is a link to a folder", async () => {
  const top = await scratchFolder();
  await makeTree(join(top, "real"), { "sub/": dir() });
  await symlink(join(top, "real"), join(top, "linked"));
  const { summary } = await packed([join(top, "linked")]);
  expect(summary).toMatchObject({ roots: [{ path: join(top, "linked"), prefix: "real" }], files: 0, directories: 2 });
});
