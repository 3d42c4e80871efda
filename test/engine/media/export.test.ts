import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { expect, it } from "vitest";
import { exportMedia } from "../../../server/engine/media/export.ts";
import type { TarEntry } from "../../../server/engine/media/untar.ts";
import type { ExportFormat } from "../../../shared/enums.ts";
import { archiveOf, nasty, still } from "../../support/media.ts";
import { makeTree, readTree, type Seen, scratchFolder } from "../../support/trees.ts";

/** The archive of some media as a file, beside the folder that they came from. */
async function exported(format: ExportFormat) {
  const root = await makeTree(join(await scratchFolder(), "m"), nasty);
  const { content } = await archiveOf([root]);
  const { signal } = still();
  const file = join(await scratchFolder(), "export");
  await writeFile(file, await buffer(exportMedia(content.entries(null, signal), format, signal)));
  return { file, was: await readTree(root) };
}

it("media leave as one tar that stock tar opens, with names, owners and links as they were", async () => {
  const { file, was } = await exported("TAR");
  const out = join(file, "../out");
  await mkdir(out);
  execFileSync("tar", ["-xpf", file, "-C", out]);
  const facts = (all: Readonly<Record<string, Seen>>) => Object.entries(all).map(([path, { kind, is, owner }]) => [path, kind, is, owner]);
  expect(facts(await readTree(join(out, "m")))).toEqual(facts(was));
});

it("media leave as one zip that stock programs open, in which no name leads elsewhere than it did", async () => {
  const { file, was } = await exported("ZIP");
  const list = `import sys,zipfile,hashlib,json
z=zipfile.ZipFile(sys.argv[1])
print(json.dumps([z.testzip(),{i.filename:z.read(i).decode() if i.external_attr>>28==10 else hashlib.sha256(z.read(i)).hexdigest() for i in z.infolist() if not i.is_dir()}]))`;
  const [broken, found] = JSON.parse(execFileSync("python3", ["-c", list, file], { encoding: "utf8", maxBuffer: 1e8 }));
  expect(broken).toBeNull();
  const files = Object.entries(was).filter(([, { kind }]) => kind !== "directory");
  // A zip knows no backslash: programs on Windows take it for a slash.
  expect(found).toEqual(Object.fromEntries(files.map(([path, { is }]) => [`m/${path.replaceAll("\\", "\uff3c")}`, is])));
});

it.each(["NONE", "ZSTD"] as const)(
  "fails before its end where a large file in it is damaged that was stored as %s",
  async (compression) => {
    const root = await makeTree(join(await scratchFolder(), "m"), { "a.txt": "a", "large.bin": randomBytes(9_000_000) });
    const { content, bytes } = await archiveOf([root], compression);
    const at = bytes.length - 2_000_000;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    const { signal } = still();
    for (const paths of [null, ["m/large.bin"]])
      await expect(buffer(exportMedia(content.entries(paths, signal), "ZIP", signal))).rejects.toMatchObject({ code: "ARTIFACT_CORRUPT" });
  },
);

it("refuses an entry that would leave its folder", async () => {
  const { signal } = still();
  const facts = { kind: "file", size: 1, mode: 0o644, uid: 0, gid: 0, mtime: 0, target: "", body: Readable.from(["x"]) } as const;
  async function* entries(): AsyncGenerator<TarEntry> {
    yield { ...facts, name: "m/../../.bashrc" };
  }
  await expect(buffer(exportMedia(entries(), "ZIP", signal))).rejects.toMatchObject({ code: "ARTIFACT_UNSAFE" });
});

it("writes a zip of many small files by large pieces, its list of files too, so that none of them wait in memory", async () => {
  const { signal } = still();
  const facts = { kind: "file", size: 1, mode: 0o644, uid: 0, gid: 0, mtime: 0, target: "" } as const;
  async function* entries(): AsyncGenerator<TarEntry> {
    for (let file = 0; file < 2000; file += 1) yield { ...facts, name: `m/${file}`, body: Readable.from([Buffer.from("x")]) };
  }
  const pieces: Buffer[] = await exportMedia(entries(), "ZIP", signal).toArray();
  const zip = Buffer.concat(pieces);
  expect(pieces.length).toBeLessThanOrEqual(Math.ceil(zip.length / (32 * 1024)));
  const file = join(await scratchFolder(), "many.zip");
  await writeFile(file, zip);
  const count = "import sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); print(len(z.infolist()), z.testzip())";
  expect(execFileSync("python3", ["-c", count, file], { encoding: "utf8" }).trim()).toBe("2000 None");
});
