import { rm } from "node:fs/promises";
import { expect, it } from "vitest";
import { EarlySync } from "../../../server/engine/media/sync.ts";
import { scratchFolder } from "../../support/trees.ts";

it("brings to the disk what was written by now, and tells at the end what went wrong on the way", async () => {
  const [folder, gone] = [await scratchFolder(), await scratchFolder()];
  await rm(gone, { recursive: true });
  const { signal } = new AbortController();
  await using right = new EarlySync([folder], signal);
  await using wrong = new EarlySync([folder, gone], signal);
  for (const early of [right, wrong]) early.wrote(1);
  await wrong.settled();
  for (const early of [right, wrong]) for (const bytes of [100e6, 200e6, 300e6]) early.wrote(bytes);
  await right.settled();
  await expect(wrong.settled()).rejects.toMatchObject({ code: "LOAD_FAILED", message: expect.stringContaining(gone) });
  wrong.wrote(900e6);
  await expect(wrong.settled()).rejects.toMatchObject({ code: "LOAD_FAILED" });
});
