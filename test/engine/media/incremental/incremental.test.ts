import { execFile } from "node:child_process";
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { appendFile, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { generateIdentity, identityToRecipient } from "age-encryption";
import { describe, expect, it } from "vitest";
import { openMediaTar } from "../../../../server/engine/media/incremental/tar.ts";
import { openIndex } from "../../../../server/engine/media/index-reader.ts";
import { storedFile } from "../../../../server/engine/media/stored-file.ts";
import type { StoredBackup } from "../../../../server/engine/stored-content.ts";
import { asItIs, onDisk, packsFolder, readByItself, restored, takeIncremental, withoutTop } from "../../../support/incremental.ts";
import { nasty, still, untarWithStockTools } from "../../../support/media.ts";
import { memoryStorage } from "../../../support/memory-storage.ts";
import { makeTree, readTree, scratchFolder } from "../../../support/trees.ts";

const { signal } = still();
const mac = { keyId: "0a1b2c3d", key: randomBytes(32) };
async function sealed() {
  const identity = await generateIdentity();
  const recipients = [await identityToRecipient(identity)];
  return { identity, seal: { mac, encryption: { format: "age-encryption.org/v1", keyId: mac.keyId, recipients } as const } };
}
const addedBy = ({ manifest }: StoredBackup) => manifest.media?.packs?.addedSize ?? Number.NaN;
const text = (words: number, seed = "a") =>
  Array.from({ length: words }, (_, index) => createHash("sha1").update(`${seed}${index}`).digest("hex").slice(0, 7)).join(" ");

/** Restores it by our own restore, by the stand-alone reader, and from the tar that it exports: all have to be the same tree. */
async function demandWhole(backup: StoredBackup, files: ReadonlyMap<string, Buffer>, identity?: string) {
  const ours = withoutTop(await restored(backup));
  const place = await onDisk(files);
  await writeFile(join(place, "key.txt"), `${identity}\n`);
  const key = identity ? ["--key", join(place, "key.txt")] : [];
  const out = join(await scratchFolder(), "out");
  await readByItself(...key, place, join(place, backup.folder, "manifest.json"), "--out", out);
  expect(withoutTop(await readTree(out))).toEqual(ours);
  const { size, read } = await openMediaTar(backup, signal);
  const tar = await buffer(Readable.from(read(0, size - 1, signal)));
  expect({ size: tar.length, of: backup.manifest.artifacts[0]?.size }).toEqual({ size, of: size });
  const byReader = await readByItself(...key, place, join(place, backup.folder, "manifest.json"), "--tar");
  expect(byReader.stdout.equals(tar)).toBe(true);
  return { ours, tar };
}

describe("an incremental backup", () => {
  it.each(["ZSTD", "GZIP", "NONE"] as const)(
    "with %s comes back with every name, mode, time, owner, link and byte",
    async (compression) => {
      const media = await makeTree(join(await scratchFolder(), "media"), nasty);
      const storage = memoryStorage();
      const first = await takeIncremental({ storage, roots: [media], compression });
      const { ours, tar } = await demandWhole(first, storage.files);
      expect(ours).toEqual(await asItIs({ media }));
      const stock = join(await scratchFolder(), "stock");
      await promisify(execFile)("mkdir", [stock]);
      await untarWithStockTools(tar, stock, "NONE");
      expect(withoutTop(await readTree(stock))).toEqual(ours);
      const second = await takeIncremental({ storage, roots: [media], compression, previous: first });
      expect(addedBy(second)).toBe(0);
      expect(withoutTop(await restored(second))).toEqual(ours);
    },
  );

  it("that is encrypted holds nothing in clear, and is restored by age and the commands that its manifest prints", async () => {
    const { identity, seal } = await sealed();
    const media = await makeTree(join(await scratchFolder(), "media"), { "a.txt": "first file", "b/c.bin": randomBytes(700_000) });
    const storage = memoryStorage();
    const first = await takeIncremental({ storage, roots: [media], seal, identity });
    await writeFile(join(media, "d.txt"), "another file");
    const second = await takeIncremental({ storage, roots: [media], seal, identity, previous: first });
    for (const [name, bytes] of storage.files)
      if (!name.endsWith("manifest.json")) expect([name, bytes.includes("first file")]).toEqual([name, false]);
    expect([...storage.files.keys()].filter((name) => name.startsWith(packsFolder)).every((name) => name.endsWith(".pack.age"))).toBe(true);
    for (const backup of [first, second]) await demandWhole(backup, storage.files, identity);
    const place = await onDisk(storage.files);
    const home = join(place, second.folder);
    await writeFile(join(home, "key.txt"), `${identity}\n`);
    await writeFile(join(home, "read-incremental.mjs"), await readFile("docs/read-incremental.mjs"));
    await promisify(execFile)("bash", ["-c", second.manifest.restoreCommands.join("\n")], { cwd: home });
    expect(await readTree(join(home, "media"))).toEqual(await readTree(media));
  });

  it("stores of what changed only that: a chunk or two of a large file into which something was put", async () => {
    const media = join(await scratchFolder(), "media");
    const large = randomBytes(20_000_000);
    const some = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`p/${index}.jpg`, randomBytes(3000)]));
    await makeTree(media, { ...some, "log.txt": text(300_000), "large.bin": large });
    const storage = memoryStorage();
    const first = await takeIncremental({ storage, roots: [media] });
    expect(addedBy(first)).toBeGreaterThan(20_600_000);
    const middle = Buffer.concat([large.subarray(0, 10_000_000), Buffer.from("put in between"), large.subarray(10_000_000)]);
    await writeFile(join(media, "large.bin"), middle);
    const second = await takeIncremental({ storage, roots: [media], previous: first });
    expect(addedBy(second)).toBeLessThan(4_200_000);
    await writeFile(join(media, "p/7.jpg"), randomBytes(3000));
    await rename(join(media, "p/8.jpg"), join(media, "p/moved.jpg"));
    await appendFile(join(media, "log.txt"), "one more line\n");
    const third = await takeIncremental({ storage, roots: [media], previous: second });
    expect(addedBy(third)).toBeLessThan(1_200_000);
    for (const [name] of storage.files) if (name.startsWith(first.folder) || name.startsWith(second.folder)) storage.files.delete(name);
    await demandWhole(third, storage.files);
    expect(withoutTop(await restored(third))).toEqual(await asItIs({ media }));
  });

  it("gives any single file, any range of one, and a folder, without reading the rest", async () => {
    const large = randomBytes(5_000_000);
    const media = await makeTree(join(await scratchFolder(), "media"), { "a/b/c.txt": "abc", "a/large.bin": large, "z.txt": "z" });
    const storage = memoryStorage();
    const backup = await takeIncremental({ storage, roots: [media] });
    const index = await openIndex(backup, signal);
    const [artifact] = backup.manifest.artifacts;
    if (!index || !artifact) throw new Error("no index");
    const position = index.find("media/a/large.bin");
    const file = storedFile(backup, artifact, index, position ?? -1);
    const read = (from: number, to: number) => buffer(Readable.from(file.read(from, to, signal)));
    expect((await read(0, file.size)).equals(large)).toBe(true);
    expect((await read(1_000_000, 4_000_001)).equals(large.subarray(1_000_000, 4_000_001))).toBe(true);
    expect(Object.keys(await restored(backup, ["media/a/b"]))).toEqual([".", "media", "media/a", "media/a/b", "media/a/b/c.txt"]);
    await expect(restored(backup, ["media/none"])).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
  });

  it("restores equal after any edits over many runs, two of which may go side by side", async () => {
    const media = await makeTree(join(await scratchFolder(), "media"), { "0": "0" });
    const storage = memoryStorage();
    let previous: StoredBackup | null = null;
    for (let round = 0; round < 4; round += 1) {
      for (let edit = 0; edit < 8; edit += 1) await someEdit(media);
      const sideBySide = round === 2 ? [0, 1] : [0];
      const taken = await Promise.all(sideBySide.map(() => takeIncremental({ storage, roots: [media], previous })));
      const now = await asItIs({ media });
      for (const backup of taken) expect(withoutTop(await restored(backup))).toEqual(now);
      previous = taken[0] ?? null;
    }
    if (previous) await demandWhole(previous, storage.files);
  });
});

async function someEdit(root: string): Promise<void> {
  const pick = (most: number) => randomBytes(4).readUInt32LE() % most;
  const path = join(root, ["a", "a-b", "a!", "b/ü", "b/c"][pick(5)] ?? "a", String(pick(4)));
  const content = [randomBytes(pick(3000)), Buffer.from(text(pick(120_000), randomUUID())), randomBytes(600_000 + pick(3_000_000))][
    pick(3)
  ];
  const before = await readFile(path).catch(() => null);
  if (before && pick(3) === 0) return rm(path);
  if (before && pick(2) === 0) {
    const at = pick(before.length + 1);
    return writeFile(path, Buffer.concat([before.subarray(0, at), randomBytes(pick(50)), before.subarray(at + pick(50))]));
  }
  await makeTree(root, { [path.slice(root.length + 1)]: content ?? "" });
}
