import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { generateIdentity, identityToRecipient } from "age-encryption";
import { describe, expect, it } from "vitest";
import { runBackup } from "../../../server/engine/backup.ts";
import { decryptAge } from "../../../server/engine/codec/age.ts";
import { openPack } from "../../../server/engine/media/pack.ts";
import { aboutBackup } from "../../support/about.ts";
import { packed, still } from "../../support/media.ts";
import { memoryStorage } from "../../support/memory-storage.ts";
import { makeTree, scratchFolder } from "../../support/trees.ts";

/** Text, which takes its time, and pictures, which do not: a stretch of each in turn, so that both kinds are under way at once. */
const mixed = Object.fromEntries(
  [0, 1, 2, 3].map((index) => [`${index}`, index % 2 ? randomBytes(3_900_000) : randomBytes(1_950_000).toString("hex")]),
);
const tree = async () => makeTree(join(await scratchFolder(), "m"), { ...mixed, "large.bin": randomBytes(5_000_000) });

/** By the stock program. */
const unpacked = (bytes: Buffer, compression: "ZSTD" | "NONE") =>
  compression === "NONE" ? bytes : execFileSync("zstd", ["-dcq"], { input: bytes, maxBuffer: 2 ** 30 });

describe("an archive that is encrypted by the process that packs it", () => {
  it.each(["ZSTD", "NONE"] as const)(
    "is what the one is that is not encrypted (%s), and tells the size of what is inside",
    async (compression) => {
      const [root, identity] = [await tree(), await generateIdentity()];
      const recipients = [await identityToRecipient(identity)];
      const packing = { compression, level: 3 };
      await using reader = await openPack({ roots: [root], exclude: [], packing, recipients, ...still() });
      const stored = await buffer(reader.bytes);
      const inside = await buffer(decryptAge([identity], "media")(Readable.from([stored])));
      expect(unpacked(inside, compression).equals(unpacked((await packed([root], [], compression)).bytes, compression))).toBe(true);
      expect(reader.inside?.()).toEqual({ size: inside.length, sha256: null });
    },
  );

  it("is not made for a recipient that there cannot be, and whoever reads it is told why", async () => {
    const root = await makeTree(join(await scratchFolder(), "m"), { a: "a" });
    const recipients = ["age1nobody"];
    await using reader = await openPack({ roots: [root], exclude: [], packing: { compression: "ZSTD", level: 3 }, recipients, ...still() });
    await expect(buffer(reader.bytes)).rejects.toThrow("Unknown letter");
    await expect(reader.done).rejects.toThrow();
  });
});

/** The packing processes of this one. */
const packing = () =>
  readdirSync("/proc").filter((pid) => {
    try {
      const [, parent] = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
      return Number(parent) === process.pid && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("pack-child");
    } catch {
      // No process, or one that has ended since.
      return false;
    }
  });

it("packs ahead while the media are measured, and is gone with all of it when they do not fit", async () => {
  const storage = memoryStorage();
  let ahead = 0;
  const backup = runBackup(
    {
      ...{ storage, folder: "shop/backup", packing: { compression: "ZSTD", level: 3 }, database: null },
      media: { roots: [await tree()], exclude: [] },
      about: aboutBackup({ type: "MEDIA", compression: "ZSTD" }),
      now: () => new Date(),
    },
    {
      ...still(),
      report: () => {},
      async fits() {
        ahead = packing().length;
        throw new Error("no room");
      },
    },
  );
  await expect(backup).rejects.toThrow("no room");
  expect(ahead).toBe(1);
  expect(packing()).toEqual([]);
  expect([...storage.files.keys()]).toEqual([]);
});

it("keeps what it packed for whoever reads it later, also when its process has ended long before", async () => {
  const root = await makeTree(join(await scratchFolder(), "m"), { a: "a" });
  const whole = await packed([root]);
  await using reader = await openPack({ roots: [root], exclude: [], packing: { compression: "ZSTD", level: 3 }, ...still() });
  await expect.poll(packing, { timeout: 20_000 }).toHaveLength(0);
  expect((await buffer(reader.bytes)).equals(whole.bytes)).toBe(true);
  await reader.done;
});
