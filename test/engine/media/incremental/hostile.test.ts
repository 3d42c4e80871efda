import { createHash, randomBytes } from "node:crypto";
import { appendFileSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { lookAt } from "../../../../server/engine/media/folder.ts";
import { ChunkTable } from "../../../../server/engine/media/incremental/chunk-table.ts";
import { FileChunks } from "../../../../server/engine/media/incremental/file-chunks.ts";
import type { ListEntry } from "../../../../server/engine/media/incremental/list-entry.ts";
import { ListWriter } from "../../../../server/engine/media/incremental/list-writer.ts";
import { onDisk, readByItself, restored, takeIncremental } from "../../../support/incremental.ts";
import { memoryStorage } from "../../../support/memory-storage.ts";
import { link, makeTree, scratchFolder } from "../../../support/trees.ts";

const plain = { mode: 0o755, uid: 0, gid: 0, mtime: 0, size: 0, target: null, stamp: null, pieces: [], sum: null } as const;
const folder = (path: string): ListEntry => ({ ...plain, path, kind: "DIRECTORY" });
const file = (path: string): ListEntry => ({ ...plain, path, kind: "FILE" });

it.each([
  ["leads out of its folder", [folder("media"), file("media/../../evil")]],
  ["is absolute", [folder("media"), file("/tmp/holdfast-evil")]],
  [
    "goes through a link",
    [folder("media"), { ...plain, path: "media/a", kind: "LINK", target: "/tmp" } as const, file("media/a/holdfast-evil")],
  ],
  ["belongs to no folder of the backup", [folder("media"), folder("other")]],
])("an entry that %s is restored neither by us nor by the stand-alone reader", async (_, entries) => {
  const storage = memoryStorage();
  const { folder: at, manifest } = await takeIncremental({
    storage,
    roots: [await makeTree(join(await scratchFolder(), "media"), {})],
    compression: "NONE",
  });
  const blocks: Buffer[] = [];
  const list = new ListWriter({
    chunks: new ChunkTable(),
    packNumber: (pack) => pack,
    write: (block) => blocks.push(block),
  });
  for (const entry of entries) list.add(entry);
  const { files, directories, links, tarSize } = list.end();
  const bytes = Buffer.concat(blocks);
  const artifacts = manifest.artifacts.map((artifact) => {
    storage.files.set(`${at}/${artifact.name}`, bytes);
    return { ...artifact, size: tarSize, storedSize: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
  });
  const forged = { ...manifest, artifacts, media: manifest.media && { ...manifest.media, files, directories, links } };
  storage.files.set(`${at}/manifest.json`, Buffer.from(JSON.stringify(forged)));
  await expect(restored({ storage, folder: at, manifest: forged })).rejects.toMatchObject({ code: "ARTIFACT_UNSAFE" });
  const place = await onDisk(storage.files);
  const out = join(await scratchFolder(), "deep/out");
  await expect(readByItself(place, join(place, at, "manifest.json"), "--out", out)).rejects.toMatchObject({ code: 1 });
  expect(await readdir(join(out, "../.."))).toEqual(["deep"]);
  expect(await readdir("/tmp")).not.toContain("holdfast-evil");
});

it.each([
  ["shrinks", (path: string) => truncateSync(path, 9_000_000), "shrank while it was read: the backup holds its first 9.00 MB"],
  ["grows", (path: string) => appendFileSync(path, "more"), "grew while it was read: the backup holds its first 20.0 MB"],
  ["is written to", (path: string) => writeFileSync(path, Buffer.alloc(20_000_000, "new")), "changed while it was read"],
])("a large file that %s while it is read is stored as far as it was, and told of", async (_, change, problem) => {
  const root = await makeTree(await scratchFolder(), { "large.bin": randomBytes(20_000_000) });
  const path = join(root, "large.bin");
  utimesSync(path, 1_700_000_000, 1_700_000_000);
  let stored = 0;
  const files = new FileChunks({
    add(bytes) {
      if (stored === 0) change(path);
      stored += bytes.length;
      return 0;
    },
    ready: async () => {},
  });
  const found = lookAt(path, { root: 0, path: "large.bin", at: path });
  if (found.kind !== "file") throw new Error("no file");
  const read = await files.read(found);
  expect(read.problem).toContain(problem);
  expect("entry" in read && read.entry.size).toBe(stored);
});

it("a file that was changed a moment ago is read again, though neither its size nor its times tell", async () => {
  const media = await makeTree(join(await scratchFolder(), "media"), { "a.txt": "old".repeat(100), "b.txt": link("a.txt") });
  const storage = memoryStorage();
  const first = await takeIncremental({ storage, roots: [media] });
  await writeFile(join(media, "a.txt"), "new".repeat(100));
  utimesSync(join(media, "a.txt"), new Date("2024-03-01T12:34:56.250Z"), new Date("2024-03-01T12:34:56.250Z"));
  const second = await takeIncremental({ storage, roots: [media], previous: first });
  expect(second.manifest.media?.packs?.addedSize).toBeGreaterThan(0);
  expect(await readFile(join(media, "a.txt"), "utf8")).toBe("new".repeat(100));
});
