import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateIdentity, identityToRecipient } from "age-encryption";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findServersBelow } from "../../server/db/embedded/processes.ts";
import { openThrowaway } from "../../server/db/embedded/throwaway.ts";
import { findTools } from "../../server/engine/database/tools.ts";
import { decrypted } from "../../server/engine/encryption.ts";
import { type DrillMeans, drill, verifyChecksum } from "../../server/engine/verify.ts";
import { freshDatabase } from "../support/shared-server.ts";
import { fileOf, type TakenBackup, takeBackup, withManifest } from "../support/taken-backup.ts";
import { makeTree } from "../support/trees.ts";

let home: string;
let identity: string;
let backup: TakenBackup;
const means: DrillMeans = {
  openScratchServer: (bytes, { signal }) => openThrowaway(home, { signal, bytes }),
  tools: () => findTools(null),
};

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "holdfast-drilled-"));
  const media = await makeTree(join(home, "media"), { "a.txt": "first file", "deep/b.bin": randomBytes(700_000), "deep/empty": "" });
  await using shop = await freshDatabase("drilled");
  await shop.sql.query(`
    CREATE TABLE customers (id INT PRIMARY KEY, name VARCHAR(50));
    INSERT INTO customers VALUES (1, 'Ada'), (2, 'Grace'), (3, 'Barbara');
    CREATE TABLE orders (id INT PRIMARY KEY, note VARCHAR(200));
    INSERT INTO orders SELECT seq, SHA2(seq, 512) FROM seq_1_to_6000`);
  identity = await generateIdentity();
  const encryption = { format: "age-encryption.org/v1", keyId: "0a1b2c3d", recipients: [await identityToRecipient(identity)] } as const;
  const mac = { keyId: "0a1b2c3d", key: randomBytes(32) };
  backup = await takeBackup({ connection: shop.connection, roots: [media] }, { compression: "ZSTD", level: 3 }, { encryption, mac });
});
afterAll(() => rm(home, { recursive: true, force: true }));

const levels = { CHECKSUM: "by checksum", RESTORE: "in the drill" } as const;
async function verify(taken: TakenBackup, level: keyof typeof levels) {
  const work = { signal: new AbortController().signal, say: () => {}, report: () => {} };
  const plan = { ...decrypted(taken, [identity]), now: () => new Date() };
  const report = level === "CHECKSUM" ? await verifyChecksum(plan, work) : await drill(plan, means, work);
  expect(await findServersBelow(home), "a server left running").toEqual([]);
  expect(await readdir(join(home, "work")).catch(() => [])).toEqual([]);
  return report;
}

/** A copy of the backup with one bit of its stored database turned over. */
function flipped(place: (bytes: Buffer) => number): TakenBackup {
  const changed = withManifest(backup, backup.manifest);
  const name = fileOf(backup, "database");
  const bytes = Buffer.from(backup.storage.files.get(name) ?? "");
  const at = place(bytes);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  changed.storage.files.set(name, bytes);
  return changed;
}

describe("an encrypted backup", () => {
  it("passes by checksum, and the drill with every table and every file compared", async () => {
    const stored = [...backup.manifest.artifacts, backup.manifest.media?.index].reduce((sum, file) => sum + (file?.storedSize ?? 0), 0);
    const sound = { passed: true, problems: [], bytesChecked: stored };
    expect(await verify(backup, "CHECKSUM")).toEqual({ ...sound, tables: [], filesChecked: null, restoreSeconds: null });
    const report = await verify(backup, "RESTORE");
    const table = (name: string, rows: number) => ({ table: name, expectedRows: rows, restoredRows: rows, matches: true, problem: null });
    expect(report).toMatchObject({ ...sound, tables: [table("customers", 3), table("orders", 6000)], filesChecked: 3 });
    expect(report.restoreSeconds).toBeGreaterThan(0);
  });

  const places: readonly (readonly [string, (bytes: Buffer) => number])[] = [
    ["in the header", () => 60],
    ["in the middle", (bytes) => bytes.length >> 1],
    ["at the end", (bytes) => bytes.length - 1],
  ];
  it.each(places)("does not pass with a byte of its database flipped %s, and the report says which file it is", async (_, place) => {
    const taken = flipped(place);
    for (const level of ["CHECKSUM", "RESTORE"] as const)
      expect(await verify(taken, level), levels[level]).toMatchObject({
        passed: false,
        problems: [expect.stringMatching(/^database\.sql\.zst\.age is not what was stored/)],
        restoreSeconds: null,
      });
  });
});
