import { expect, it } from "vitest";
import { handOver, letGo } from "../../../server/engine/handed-over.ts";
import { keepingFree } from "../../../server/engine/storage/keeping-free.ts";
import type { Storage } from "../../../server/engine/storage/storage.ts";
import { memoryStorage } from "../../support/memory-storage.ts";

it("stops a backup before the last of its disk is taken, with numbers, and leaves nothing of it", async () => {
  const disk = memoryStorage();
  let free = 10_000_000;
  async function* bytes() {
    for (let each = 0; each < 20; each += 1) {
      free -= 1_000_000;
      yield Buffer.alloc(1000);
    }
  }
  const storage = keepingFree({ ...disk, free: async () => free }, "Near", 4_000_000, 1000);
  await expect(storage.put("a/b", bytes(), { signal: new AbortController().signal })).rejects.toMatchObject({
    code: "STORAGE_FULL",
    message: expect.stringMatching(/^The storage Near is nearly full: 3[.0]* MB are free, and 4[.0]* MB are kept free\.$/),
  });
  expect(disk.files.size).toBe(0);
});

it("counts what the storage frees as soon as it has it", async () => {
  let free = 10_000_000;
  async function* bytes() {
    for (let each = 0; each < 20; each += 1) {
      free -= 1_000_000;
      yield handOver(Buffer.allocUnsafeSlow(1000));
    }
  }
  const put: Storage["put"] = async (_, source) => {
    for await (const piece of source) letGo(piece);
  };
  const storage = keepingFree({ ...memoryStorage(), put, free: async () => free }, "Near", 4_000_000, 1000);
  await expect(storage.put("a/b", bytes(), { signal: new AbortController().signal })).rejects.toMatchObject({ code: "STORAGE_FULL" });
});
