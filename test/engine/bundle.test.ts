import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { expect, it, vi } from "vitest";
import { type Bundle, type BundleEntry, bundle } from "../../server/engine/bundle.ts";
import { scratchFolder } from "../support/trees.ts";

const run = promisify(execFile);
const mtime = new Date("2026-11-22T03:00:00Z");
const entry = (name: string, bytes: Buffer): BundleEntry => ({
  name,
  size: bytes.length,
  mtime,
  open: async ({ start, end }) => Readable.from([bytes.subarray(start, end + 1)]),
});
const read = (whole: Pick<Bundle, "read">, start: number, end: number) =>
  buffer(Readable.from(whole.read(start, end, new AbortController().signal)));

it("is left at once, though the storage says nothing, and closes what comes too late", async () => {
  const silent = new Readable({ read() {} });
  const late = Promise.withResolvers<Readable>();
  for (const open of [async () => silent, () => late.promise]) {
    const left = new AbortController();
    const stream = Readable.from(bundle([{ ...entry("a", Buffer.alloc(9)), open }]).read(512, 600, left.signal));
    const read = buffer(stream);
    // Only now is it asked for, and waits.
    await new Promise(setImmediate);
    left.abort(new Error("gone"));
    await expect(read).rejects.toThrow("gone");
  }
  expect(silent.destroyed).toBe(true);
  const tooLate = new Readable({ read() {} });
  late.resolve(tooLate);
  await vi.waitFor(() => expect(tooLate.destroyed).toBe(true));
});

const files = {
  "shop/manifest.json": Buffer.from('{ "format": 1 }'),
  "shop/database.sql.zst": randomBytes(5000),
  "shop/empty": Buffer.alloc(0),
  "shop/block": randomBytes(1024),
  [`shop/${"long".repeat(40)}`]: Buffer.from("a name that ustar does not hold"),
  "shop/größe – 東京.tar": randomBytes(700),
};
const whole = () => bundle(Object.entries(files).map(([name, bytes]) => entry(name, bytes)));

it("unpacks with stock tar to the very files, and is as long as it said", async () => {
  const folder = await scratchFolder();
  const bytes = await read(whole(), 0, whole().size - 1);
  expect(bytes.length).toBe(whole().size);
  await writeFile(join(folder, "bundle.tar"), bytes);
  const { stderr } = await run("tar", ["-xf", "bundle.tar"], { cwd: folder, env: { ...process.env, LC_ALL: "C.UTF-8" } });
  expect(stderr).toBe("");
  for (const [name, expected] of Object.entries(files)) expect((await readFile(join(folder, name))).equals(expected), name).toBe(true);
});

it("gives the same bytes from any offset to any other", async () => {
  const all = await read(whole(), 0, whole().size - 1);
  const edges = [0, 1, 511, 512, 513, 1023, 1024, 1536, 6000, 6656, 6657, all.length - 1025, all.length - 1];
  for (const start of edges)
    for (const end of edges)
      if (start <= end) expect((await read(whole(), start, end)).equals(all.subarray(start, end + 1)), `${start} to ${end}`).toBe(true);
});

it("states sizes beyond 8 GiB so that tar reads them", async () => {
  const folder = await scratchFolder();
  const size = 100 * 1024 ** 3 + 5;
  const huge = bundle([{ name: "huge", size, mtime, open: async () => Readable.from([]) }]);
  expect(huge.size).toBe(512 + size + 507 + 1024);
  await writeFile(join(folder, "head.tar"), await read(huge, 0, 511));
  const listed = await run("tar", ["-tvf", "head.tar"], { cwd: folder }).catch((error: { stdout: string }) => error);
  expect(listed.stdout).toContain(String(size));
});

it.each([
  ["shorter", -1],
  ["longer", 1],
])("fails rather than end well when a stored file became %s", async (_, difference) => {
  const bytes = Buffer.alloc(1000 + difference);
  const changed = bundle([{ name: "a", size: 1000, mtime, open: async () => Readable.from([bytes]) }]);
  await expect(read(changed, 0, changed.size - 1)).rejects.toThrow("not 1000 bytes long");
});

it("opens only what a range touches", async () => {
  const opened: string[] = [];
  const entries = ["a", "b", "c"].map((name) => ({
    ...entry(name, Buffer.alloc(512, name)),
    open: async ({ start, end }: { start: number; end: number }) => {
      opened.push(`${name} ${start}-${end}`);
      return Readable.from([Buffer.alloc(end - start + 1, name)]);
    },
  }));
  const bytes = await read(bundle(entries), 1024 + 512 + 10, 1024 + 512 + 19);
  expect(createHash("sha256").update(bytes).digest("hex")).toBe(createHash("sha256").update("bbbbbbbbbb").digest("hex"));
  expect(opened).toEqual(["b 10-19"]);
});
