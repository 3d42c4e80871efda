import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { generateIdentity, identityToRecipient } from "age-encryption";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Manifest } from "../../server/domain/manifest.ts";
import type { Seal } from "../../server/engine/backup.ts";
import { decryptAge } from "../../server/engine/codec/age.ts";
import { decrypted } from "../../server/engine/encryption.ts";
import { openIndex } from "../../server/engine/media/index-reader.ts";
import { storedFile } from "../../server/engine/media/stored-file.ts";
import { contentOf } from "../../server/engine/stored-content.ts";
import { verifyChecksum } from "../../server/engine/verify.ts";
import type { Compression } from "../../shared/enums.ts";
import { memoryStorage } from "../support/memory-storage.ts";
import { freshDatabase } from "../support/shared-server.ts";
import { restoreWithStockTools } from "../support/stock-restore.ts";
import { takeBackup } from "../support/taken-backup.ts";
import { makeTree, readTree } from "../support/trees.ts";

const run = promisify(execFile);
const still = new AbortController().signal;
const macKey = { keyId: "0a1b2c3d", key: randomBytes(32) };

let home: string;
let media: string;
let shop: Awaited<ReturnType<typeof freshDatabase>>;
let identity: string;
let seal: Seal;
let recoveryFile: string;
const large = randomBytes(700_000);

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "holdfast-sealed-"));
  media = await makeTree(join(home, "media"), { "a.txt": "first file", "deep/large.bin": large, "deep/b.txt": "words in the deep" });
  shop = await freshDatabase("sealed");
  await shop.sql.query(`
    CREATE TABLE goods (id INT PRIMARY KEY, name VARCHAR(200));
    INSERT INTO goods SELECT seq, SHA2(seq, 512) FROM seq_1_to_6000;
    CREATE TABLE notes (id INT PRIMARY KEY, text VARCHAR(50));
    INSERT INTO notes VALUES (1, 'kept apart')`);
  identity = await generateIdentity();
  recoveryFile = join(home, "recovery.txt");
  await run("age-keygen", ["-o", recoveryFile]);
  const recipients = [await identityToRecipient(identity), (await run("age-keygen", ["-y", recoveryFile])).stdout.trim()];
  seal = { encryption: { format: "age-encryption.org/v1", keyId: macKey.keyId, recipients }, mac: macKey };
});
afterAll(async () => {
  await shop[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
});

const levels = { NONE: 0, GZIP: 6, ZSTD: 3 } as const;
const made = new Map<Compression, ReturnType<typeof takeBackup>>();
const take = (compression: Compression = "ZSTD") => {
  const taken =
    made.get(compression) ?? takeBackup({ connection: shop.connection, roots: [media] }, { compression, level: levels[compression] }, seal);
  made.set(compression, taken);
  return taken;
};
const read = async (compression: Compression = "ZSTD") => decrypted(await take(compression), [identity]);

/** A copy with its stored files changed; the manifest in hand stays. */
type Change = (files: Map<string, Buffer>, folder: string) => unknown;
async function spoilt(change: Change) {
  const taken = await take();
  const storage = memoryStorage();
  for (const [name, bytes] of taken.storage.files) storage.files.set(name, Buffer.from(bytes));
  change(storage.files, taken.folder);
  return decrypted({ ...taken, storage }, [identity]);
}
const verify = async (backup: Awaited<ReturnType<typeof read>>) =>
  verifyChecksum({ ...backup, now: () => new Date() }, { signal: still, say: () => {}, report: () => {} });
async function all(pieces: AsyncIterable<Uint8Array> | readonly Uint8Array[]): Promise<Uint8Array[]> {
  const found: Uint8Array[] = [];
  for await (const piece of pieces) found.push(piece);
  return found;
}
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

describe("an encrypted backup", () => {
  it.each(["ZSTD", "GZIP", "NONE"] as const)(
    "with %s is restored by the stock commands that its manifest prints, with either key",
    async (compression) => {
      const { storage, folder, manifest } = await take(compression);
      await using target = await freshDatabase("stock");
      const place = await mkdtemp(join(home, "stock-"));
      for (const [name, bytes] of storage.files) await writeFile(join(place, name.slice(folder.length + 1)), bytes);
      for (const key of [`${identity}\n`, await readFile(recoveryFile)]) {
        await target.sql.query("DROP TABLE IF EXISTS goods, notes");
        await rm(join(place, "media"), { recursive: true, force: true });
        expect(manifest.restoreCommands).toHaveLength(2);
        await restoreWithStockTools(place, manifest, target, key);
        const [rows] = await target.sql.query("SELECT COUNT(*) AS goods, (SELECT text FROM notes) AS note FROM goods");
        expect(rows).toEqual([{ goods: 6000, note: "kept apart" }]);
        expect(await readTree(join(place, "media"))).toEqual(await readTree(media));
      }
    },
  );

  it("holds nothing in clear, and tells its files' sums inside and outside", async () => {
    const { storage, folder, manifest } = await take("NONE");
    const names = [...storage.files.keys()].map((name) => name.slice(folder.length + 1)).sort();
    expect(names).toEqual(["database.sql.age", "manifest.json", "media.index.age", "media.tar.age"]);
    for (const [name, bytes] of storage.files)
      if (!name.endsWith("manifest.json")) expect(bytes.includes("kept apart") || bytes.includes("first file")).toBe(false);
    expect(manifest).toMatchObject({ encrypted: true, encryption: seal.encryption });
    for (const file of [...manifest.artifacts, ...(manifest.media?.index ? [manifest.media.index] : [])]) {
      const stored = storage.files.get(`${folder}/${file.name}`) ?? Buffer.alloc(0);
      expect({ size: stored.length, sha256: sha256(stored) }).toEqual({ size: file.storedSize, sha256: file.sha256 });
      const inside = await buffer(await decrypted({ storage, folder, manifest }, [identity]).storage.get(`${folder}/${file.name}`));
      // Of an archive of media, each file has a sum of its own.
      expect({ size: inside.length, sha256: file.name === "media.tar.age" ? null : sha256(inside) }).toEqual(file.packed);
    }
  });

  it.each(["ZSTD", "NONE"] as const)("with %s gives one table, one file of the media, and any range of it", async (compression) => {
    const backup = await read(compression);
    const { database } = contentOf(backup);
    const sql = Buffer.concat(await all(database?.open(["notes"], still) ?? [])).toString();
    expect(sql).toContain("kept apart");
    expect(sql).not.toContain("INSERT INTO `goods`");
    const index = await openIndex(backup, still);
    const [position, artifact] = [index?.find("media/deep/large.bin"), backup.manifest.artifacts.find(({ part }) => part === "media")];
    if (!index || position === null || position === undefined || !artifact) throw new Error("The file is not in the index");
    const file = storedFile(backup, artifact, index, position);
    expect(sha256(Buffer.concat(await all(file.read(0, file.size, still))))).toBe(sha256(large));
    expect(Buffer.concat(await all(file.read(300_000, 400_001, still)))).toEqual(large.subarray(300_000, 400_001));
  });

  it("passes a verification, which reads every stored byte", async () => {
    const { manifest } = await take();
    const stored = [...manifest.artifacts, manifest.media?.index].reduce((sum, file) => sum + (file?.storedSize ?? 0), 0);
    expect(await verify(await read())).toMatchObject({ passed: true, problems: [], bytesChecked: stored });
  });
});

describe("an encrypted backup that was tampered with", () => {
  const altered = (name: string, place: (bytes: Buffer) => number) => (files: Map<string, Buffer>, folder: string) => {
    const bytes = files.get(`${folder}/${name}`) ?? Buffer.alloc(0);
    const at = place(bytes);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
  };
  const resized = (change: (bytes: Buffer) => Buffer) => (files: Map<string, Buffer>, folder: string) =>
    void files.set(`${folder}/database.sql.zst.age`, change(files.get(`${folder}/database.sql.zst.age`) ?? Buffer.alloc(0)));

  it.each([
    ["the header", altered("database.sql.zst.age", () => 60), "database.sql.zst.age is not what was stored"],
    [
      "the nonce",
      altered("database.sql.zst.age", (bytes) => bytes.indexOf("\n", bytes.indexOf("\n---") + 1) + 3),
      "database.sql.zst.age is not what was stored",
    ],
    ["the middle", altered("media.tar.zst.age", (bytes) => bytes.length >> 1), "media.tar.zst.age is not what was stored"],
    ["the last byte", altered("media.tar.zst.age", (bytes) => bytes.length - 1), "media.tar.zst.age is not what was stored"],
    ["the index", altered("media.index.zst.age", (bytes) => bytes.length - 30), "media.index.zst.age is not what was stored"],
    ["a cut", resized((bytes) => bytes.subarray(0, -1)), "database.sql.zst.age is not what was stored"],
    ["an appendix", resized((bytes) => Buffer.concat([bytes, Buffer.from("x")])), "database.sql.zst.age is not what was stored"],
    [
      "a missing file",
      (files: Map<string, Buffer>, folder: string) => files.delete(`${folder}/database.sql.zst.age`),
      "database.sql.zst.age",
    ],
    [
      "a file too many",
      (files: Map<string, Buffer>, folder: string) => files.set(`${folder}/extra.sh`, Buffer.from("x")),
      "extra.sh is not of this backup",
    ],
    ["a missing manifest", (files: Map<string, Buffer>, folder: string) => files.delete(`${folder}/manifest.json`), "no manifest"],
    [
      "an older manifest, of another backup, put back",
      (files: Map<string, Buffer>, folder: string) =>
        files.set(
          `${folder}/manifest.json`,
          Buffer.from(
            (files.get(`${folder}/manifest.json`) ?? "")
              .toString()
              .replace(/"id": "[^"]+"/, '"id": "9a1b2c3d-0000-4000-8000-000000000000"'),
          ),
        ),
      "manifest.json is not what was written: its field id differs",
    ],
    [
      "a manifest of a newer Holdfast",
      (files: Map<string, Buffer>, folder: string) => files.set(`${folder}/manifest.json`, Buffer.from('{"format": 2}')),
      "not valid at format",
    ],
  ] as const)("is found out: %s, in one sentence that names it", async (_, change, sentence) => {
    const report = await verify(await spoilt(change));
    expect(report.passed).toBe(false);
    expect(report.problems).toEqual([expect.stringContaining(sentence)]);
  });

  it("is refused before anything is restored when a file of another backup, encrypted to the same key, was put in", async () => {
    const other = await takeBackup({ connection: shop.connection, roots: [media] }, { compression: "ZSTD", level: 3 }, seal);
    const name = `${other.folder}/database.sql.zst.age`;
    const backup = await spoilt((files) => void files.set(name, other.storage.files.get(name) ?? Buffer.alloc(0)));
    const { database } = contentOf(backup);
    await expect(database?.verify(null, { signal: still, say: () => {} }, () => {})).rejects.toMatchObject({ code: "ARTIFACT_CORRUPT" });
  });

  it("is noticed by what is inside, where somebody with a recipient encrypted other bytes and forged the outer sum", async () => {
    const taken = await take();
    const [inner, name] = [taken.manifest.artifacts[0], "database.sql.zst.age"];
    await using database = await freshDatabase("forged");
    const forged = await takeBackup({ connection: database.connection }, { compression: "ZSTD", level: 3 }, seal);
    const bytes = forged.storage.files.get(`${forged.folder}/${name}`) ?? Buffer.alloc(0);
    const storage = memoryStorage();
    for (const [each, kept] of taken.storage.files) storage.files.set(each, kept);
    storage.files.set(`${taken.folder}/${name}`, bytes);
    const artifacts = taken.manifest.artifacts.map((artifact) =>
      artifact === inner ? { ...artifact, storedSize: bytes.length, sha256: sha256(bytes) } : artifact,
    );
    const content = contentOf(decrypted({ ...taken, storage, manifest: { ...taken.manifest, artifacts } }, [identity]));
    await expect(content.database?.verify(null, { signal: still, say: () => {} }, () => {})).rejects.toMatchObject({
      code: "ARTIFACT_CORRUPT",
    });
  });
});

describe("encrypted media", () => {
  const running = { signal: still, say: () => {} };
  const stored = (manifest: Manifest, part: string) => manifest.artifacts.find((artifact) => artifact.part === part);
  const drain = async (backup: Awaited<ReturnType<typeof read>>) => {
    for await (const { body } of contentOf(backup).media?.entries(null, still) ?? []) await all(body);
  };

  it("are refused before anything is unpacked when a key does not open them, or a stored byte is another one", async () => {
    const taken = await take();
    const wrong = contentOf(decrypted(taken, [await generateIdentity()])).media;
    await expect(wrong?.verify(null, running, () => {})).rejects.toMatchObject({ code: "ARTIFACT_CORRUPT", message: /another key/ });
    const bent = await spoilt((files, folder) => {
      const bytes = files.get(`${folder}/media.tar.zst.age`) ?? Buffer.alloc(0);
      bytes.writeUInt8(bytes.readUInt8(bytes.length - 9) ^ 1, bytes.length - 9);
    });
    await expect(contentOf(bent).media?.verify(null, running, () => {})).rejects.toMatchObject({ message: /^media\.tar\.zst\.age is not/ });
    let read = 0;
    await contentOf(await spoilt(() => {})).media?.verify(null, running, (bytes) => {
      read = bytes;
    });
    expect(read).toBe((stored(taken.manifest, "media")?.storedSize ?? 0) + (taken.manifest.media?.index?.storedSize ?? 0));
  });

  it("are whole only when what is inside has the sum that their manifest may name, where the outer sum of other bytes of the same size was forged", async () => {
    const taken = await take("NONE");
    const changed = await mkdtemp(join(home, "changed-"));
    await run("cp", ["-a", media, changed]);
    await writeFile(join(changed, "media/a.txt"), "other file");
    await run("touch", ["-r", join(media, "a.txt"), join(changed, "media/a.txt")]);
    const forged = await takeBackup({ roots: [join(changed, "media")] }, { compression: "NONE", level: 0 }, seal);
    const name = "media.tar.age";
    const bytesOf = ({ storage, folder }: Pick<typeof taken, "storage" | "folder">) =>
      storage.files.get(`${folder}/${name}`) ?? Buffer.alloc(0);
    const { packed } = stored(taken.manifest, "media") ?? {};
    expect(packed).toEqual({ size: expect.any(Number), sha256: null });
    const inside = await buffer(decryptAge([identity], name)(Readable.from([bytesOf(taken)])));
    expect(inside.length).toBe(packed?.size);
    const named = (from: Pick<typeof taken, "storage" | "folder">) => {
      const [storage, bytes] = [memoryStorage(), bytesOf(from)];
      for (const [each, kept] of taken.storage.files) storage.files.set(each, kept);
      storage.files.set(`${taken.folder}/${name}`, bytes);
      const sums = { storedSize: bytes.length, sha256: sha256(bytes), packed: { size: inside.length, sha256: sha256(inside) } };
      const artifacts = taken.manifest.artifacts.map((artifact) => (artifact.part === "media" ? { ...artifact, ...sums } : artifact));
      return decrypted({ ...taken, storage, manifest: { ...taken.manifest, artifacts } }, [identity]);
    };
    expect(bytesOf(forged).length).toBe(bytesOf(taken).length);
    await drain(named(taken));
    await expect(drain(named(forged))).rejects.toMatchObject({ code: "ARTIFACT_CORRUPT" });
  });
});
