import { expect, it } from "vitest";
import { keepingFree } from "../../../server/engine/storage/keeping-free.ts";
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
