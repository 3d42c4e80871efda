import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { asItIs, restored, takeIncremental, withoutTop } from "../../../support/incremental.ts";
import { nasty } from "../../../support/media.ts";
import { memoryStorage } from "../../../support/memory-storage.ts";
import { makeTree, scratchFolder } from "../../../support/trees.ts";

describe("an incremental backup", () => {
  it.each(["ZSTD", "GZIP", "NONE"] as const)(
    "with %s is restored with every name, mode, time, owner, link and byte",
    async (compression) => {
      const media = await makeTree(join(await scratchFolder(), "media"), nasty);
      const storage = memoryStorage();
      const first = await takeIncremental({ storage, roots: [media], compression });
      expect(withoutTop(await restored(first))).toEqual(await asItIs({ media }));
      const second = await takeIncremental({ storage, roots: [media], compression, previous: first });
      expect(withoutTop(await restored(second))).toEqual(await asItIs({ media }));
      expect(second.manifest.media?.packs?.addedSize).toBe(0);
    },
  );
});
