import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { verifyChecksum } from "../../../../server/engine/verify.ts";
import { packsFolder, restored, takeIncremental } from "../../../support/incremental.ts";
import { still } from "../../../support/media.ts";
import { memoryStorage } from "../../../support/memory-storage.ts";
import { makeTree, scratchFolder } from "../../../support/trees.ts";

const tree = { "a.txt": "a", "b/large.bin": randomBytes(3_000_000), "b/c.txt": "words ".repeat(2000) };
const madeTree = async () => makeTree(join(await scratchFolder(), "media"), tree);

describe("a pack", () => {
  it.each([
    ["in which a byte was turned over", (bytes: Buffer) => bytes.writeUInt8(bytes.readUInt8(1_000_000) ^ 1, 1_000_000)],
    ["that is gone", null],
  ])("%s is found by a verification, and nothing is restored from it", async (_, spoil) => {
    const storage = memoryStorage();
    const backup = await takeIncremental({ storage, roots: [await madeTree()] });
    const verify = () => verifyChecksum({ ...backup, now: () => new Date() }, { ...still(), report: () => {} });
    expect(await verify()).toMatchObject({ passed: true, problems: [] });
    const pack = [...storage.files.keys()].find((name) => name.startsWith(packsFolder)) ?? "";
    const bytes = storage.files.get(pack) ?? Buffer.alloc(0);
    if (spoil) spoil(bytes);
    else storage.files.delete(pack);
    const named = expect.stringContaining(pack.slice(packsFolder.length + 1));
    expect(await verify()).toMatchObject({ passed: false, problems: [named] });
    await expect(restored(backup)).rejects.toMatchObject({ code: spoil ? "ARTIFACT_CORRUPT" : "NOT_FOUND" });
  });
});

describe("a backup that does not come to its end", () => {
  it.each(["while a pack is stored", "right before the manifest"])(
    "because it was cancelled %s leaves no file, and the one before whole",
    async (when) => {
      const storage = memoryStorage();
      const root = await madeTree();
      const first = await takeIncremental({ storage, roots: [root] });
      const before = [...storage.files.keys()];
      await makeTree(root, { "new.bin": randomBytes(2_000_000) });
      const cancelled = new AbortController();
      const stop = () => cancelled.abort(new Error("cancelled"));
      const failing = {
        ...storage,
        put: (name: string, ...rest: [AsyncIterable<Uint8Array>, { signal: AbortSignal }]) => {
          if (when.includes("pack") && name.startsWith(packsFolder)) stop();
          return storage.put(name, ...rest);
        },
      };
      const confirm = async () => {
        if (when.includes("manifest")) throw new Error("cancelled");
      };
      const work = { signal: cancelled.signal, confirm };
      await expect(takeIncremental({ storage: failing, roots: [root], previous: first, work })).rejects.toThrow("cancelled");
      expect([...storage.files.keys()]).toEqual(before);
      await restored(first);
    },
  );
});
