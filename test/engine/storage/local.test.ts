import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { mkdir, open, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Readable } from "node:stream";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { localStorage } from "../../../server/engine/storage/local.ts";
import { storageContract } from "../../contracts/storage.ts";
import { all } from "../../support/all.ts";
import { scratchFolder } from "../../support/trees.ts";

const run = promisify(execFile);
const still = () => ({ signal: new AbortController().signal });

/** How much of a file is in the system's cache; null where it cannot be asked, or where there is nothing but that. */
async function cachedBytes(path: string): Promise<number | null> {
  const { stdout } = await run("fincore", ["--bytes", "--noheadings", "--output", "RES", path]).catch(() => ({ stdout: "" }));
  const direct = await open(path, constants.O_RDONLY | constants.O_DIRECT).catch(() => null);
  await direct?.close();
  return stdout.trim() === "" || !direct ? null : Number(stdout);
}

storageContract("local", async () => localStorage(await scratchFolder()));

describe("local storage", () => {
  it("keeps files 0600 in folders 0700, and takes empty folders away with the last file", async () => {
    const root = await scratchFolder();
    const storage = localStorage(root);
    await storage.put("a/b/c", Readable.from([Buffer.from("x")]), still());
    const mode = async (path: string) => ((await stat(join(root, path))).mode & 0o7777).toString(8);
    expect([await mode("a"), await mode("a/b"), await mode("a/b/c")]).toEqual(["700", "700", "600"]);
    await storage.remove("a/b/c");
    expect(await readdir(root)).toEqual([]);
    expect((await stat(root)).isDirectory()).toBe(true);
  });

  const piece = 4 * 2 ** 20;
  it.each([0, 1, piece - 1, piece, piece + 1, 2 * piece, 3 * piece + 4097])(
    "keeps %i bytes as they were given, and leaves all whole pieces out of the system's cache",
    async (size) => {
      const [root, content] = [await scratchFolder(), randomBytes(size)];
      async function* given() {
        const lengths = [1, 700_000, piece + 3, 65_536];
        for (let [at, turn] = [0, 0]; at < size; turn += 1) {
          // Whoever gave a piece may use its memory again.
          const lent = Buffer.from(content.subarray(at, at + (lengths[turn % lengths.length] ?? 1)));
          at += lent.length;
          yield lent;
          lent.fill(0);
        }
      }
      await localStorage(root).put("file", given(), still());
      const kept = await cachedBytes(join(root, "file"));
      expect((await readFile(join(root, "file"))).equals(content)).toBe(true);
      if (kept !== null) expect(kept).toBeLessThanOrEqual(piece);
    },
  );

  it("keeps what is put while somebody else takes away what else was in its folder", async () => {
    const storage = localStorage(await scratchFolder());
    const bytes = () => Readable.from([Buffer.from("x")]);
    for (let round = 0; round < 40; round += 1) {
      await storage.put("a/b/old", bytes(), still());
      await Promise.all([storage.put("a/b/new", bytes(), still()), storage.remove("a/b/old")]);
      expect(await all(storage.list(""))).toEqual([{ name: "a/b/new", size: 1 }]);
      await storage.remove("a/b/new");
    }
  });

  it("leaves neither a temporary nor a folder when a put fails, and none of another put's", async () => {
    const root = await scratchFolder();
    const storage = localStorage(root);
    async function* failing() {
      yield Buffer.from("half");
      expect(await readdir(join(root, "a/b"))).toHaveLength(1);
      throw new Error("cut");
    }
    await expect(storage.put("a/b/c", failing(), still())).rejects.toThrow("cut");
    expect(await readdir(root)).toEqual([]);
    await writeFile(join(root, "neighbour"), "");
    await expect(storage.put("d", failing(), still())).rejects.toThrow();
    expect(await readdir(root)).toEqual(["neighbour"]);
  });

  it("sweeps what a killed process left, in the named folder only, and nothing else", async () => {
    const root = await scratchFolder();
    const storage = localStorage(root);
    const left = ".holdfast-0123456789abcdef.part";
    for (const folder of ["dead/x", "live"]) await mkdir(join(root, folder), { recursive: true });
    for (const name of [`dead/x/${left}`, `live/${left}`, "live/kept", "live/.holdfast-note"]) await writeFile(join(root, name), "half");
    expect((await all(storage.list(""))).map((entry) => entry.name)).toEqual(["live/.holdfast-note", "live/kept"]);
    await storage.sweep("dead/");
    expect(await readdir(root)).toEqual(["live"]);
    expect(await readdir(join(root, "live"))).toHaveLength(3);
    await storage.sweep("");
    expect((await readdir(join(root, "live"))).sort()).toEqual([".holdfast-note", "kept"]);
  });

  it("takes no more memory for a small file than it is long", async () => {
    const storage = localStorage(await scratchFolder());
    await storage.put("small", Readable.from([Buffer.from("0123456789")]), still());
    const heldBy = async (range?: { start: number; end?: number }) => {
      const chunks: Buffer[] = [];
      for await (const chunk of await storage.get("small", range)) chunks.push(chunk);
      return [Buffer.concat(chunks).toString(), ...chunks.map(({ buffer }) => buffer.byteLength)];
    };
    expect(await heldBy()).toEqual(["0123456789", 10]);
    expect(await heldBy({ start: 7, end: 99 })).toEqual(["789", 3]);
  });

  it("takes a missing root for a disk that is not mounted, and does not make it", async () => {
    const root = join(await scratchFolder(), "gone");
    const storage = localStorage(root);
    const refused = { code: "STORAGE_UNAVAILABLE", hint: expect.stringContaining("Mount") };
    await expect(storage.put("a", Readable.from([]), still())).rejects.toMatchObject(refused);
    await expect(storage.get("a")).rejects.toMatchObject(refused);
    await expect(storage.size("a")).rejects.toMatchObject(refused);
    await expect(storage.check()).rejects.toMatchObject(refused);
    await expect(storage.free()).rejects.toMatchObject(refused);
    await expect(all(storage.list(""))).rejects.toMatchObject(refused);
    await expect(stat(root)).rejects.toMatchObject({ code: "ENOENT" });
  });

  // A file system of 1 MB in a mount namespace of its own; the script answers with what it saw.
  it.runIf(process.getuid?.() === 0)("says how full a full disk is, and leaves nothing on it", async () => {
    const folder = await scratchFolder();
    const script = join(folder, "fill.ts");
    const module = resolve("server/engine/storage/local.ts");
    await writeFile(
      script,
      `import { localStorage } from ${JSON.stringify(module)};
       import { readdirSync, writeFileSync } from "node:fs";
       const storage = localStorage(process.argv[2]);
       async function* endless() { for (;;) yield Buffer.alloc(100_000); }
       const error = await storage.put("a/b", endless(), { signal: new AbortController().signal }).catch((error) => error);
       writeFileSync(process.argv[3], JSON.stringify({ code: error.code, message: error.message, hint: error.hint, left: readdirSync(process.argv[2]) }));`,
    );
    const small = join(folder, "small");
    await mkdir(small);
    const answer = join(folder, "answer.json");
    await run("unshare", [
      "-m",
      "sh",
      "-c",
      'mount -t tmpfs -o size=1m tmpfs "$1" && exec "$2" "$3" "$1" "$4"',
      "sh",
      small,
      process.execPath,
      script,
      answer,
    ]);
    expect(JSON.parse(await readFile(answer, "utf8"))).toEqual({
      code: "STORAGE_FULL",
      message: expect.stringMatching(/ is full: .* of 1\.05 MB are free/),
      hint: expect.stringContaining("remove old backups"),
      left: [],
    });
    await rm(folder, { recursive: true });
  });
});
