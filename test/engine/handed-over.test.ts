import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { handOver, letGo, share } from "../../server/engine/handed-over.ts";
import { localStorage } from "../../server/engine/storage/local.ts";
import { mirrored } from "../../server/engine/storage/mirrored.ts";
import { retrying } from "../../server/engine/storage/retrying.ts";
import type { Storage } from "../../server/engine/storage/storage.ts";
import { WriteOut } from "../../server/engine/storage/write-out.ts";

const made: string[] = [];
const freshStorage = async () => {
  const root = await mkdtemp(join(tmpdir(), "holdfast-handed-"));
  made.push(root);
  return { root, storage: localStorage(root) };
};
afterAll(() => Promise.all(made.map((root) => rm(root, { recursive: true }))));

const signal = new AbortController().signal;
const pieces = () => ["one", "two", "three"].map((word) => handOver(Buffer.from(new Uint8Array(1000).fill(word.charCodeAt(0)).buffer)));
async function* given(all: readonly Buffer[]) {
  yield* all;
}
const content = Buffer.concat(pieces());

it("frees a piece that was handed over when its only storage has it, and no other", async () => {
  const { root, storage } = await freshStorage();
  const [own, others] = [pieces(), pieces()];
  for (const piece of others) share(piece);
  await mirrored([{ id: "a", name: "A", storage }]).put("own", given(own), { signal });
  await storage.put("others", given(others), { signal });
  for (const name of ["own", "others"]) expect((await readFile(join(root, name))).equals(content)).toBe(true);
  expect(own.map(({ length }) => length)).toEqual([0, 0, 0]);
  expect(Buffer.concat(others).equals(content)).toBe(true);
});

it("leaves a piece to the slower of two storages", async () => {
  const [fast, slow] = [await freshStorage(), await freshStorage()];
  const first = Promise.withResolvers<void>();
  const quick: Storage = { ...fast.storage, put: (...all) => fast.storage.put(...all).finally(first.resolve) };
  const late: Storage = { ...slow.storage, put: (...all) => first.promise.then(() => slow.storage.put(...all)) };
  const both = mirrored([quick, late].map((storage, at) => ({ id: `${at}`, name: `${at}`, storage })));
  await both.put("file", given(pieces()), { signal });
  for (const { root } of [fast, slow]) expect((await readFile(join(root, "file"))).equals(content)).toBe(true);
});

it("leaves a piece to a second try", async () => {
  const { root, storage } = await freshStorage();
  let tries = 0;
  const failing: Storage = {
    ...storage,
    async put(name, bytes, options) {
      if (tries++ > 0) return storage.put(name, bytes, options);
      for await (const piece of bytes) letGo(piece);
      throw Object.assign(new Error("reset"), { code: "ECONNRESET", syscall: "write" });
    },
  };
  await retrying(failing, { firstMs: 1 }).put("file", given(pieces()), { signal });
  expect([tries, (await readFile(join(root, "file"))).equals(content)]).toEqual([2, true]);
});

it("asks the disk to take one file at a time, and tells of what failed on the way at the end", async () => {
  const refused = Promise.withResolvers<void>();
  let asked = 0;
  const [one, other] = [refused.promise, Promise.resolve()].map(
    (answer) =>
      new WriteOut(() => {
        asked += 1;
        return answer;
      }),
  );
  one?.wrote(31 * 2 ** 20);
  expect(asked).toBe(0);
  one?.wrote(32 * 2 ** 20);
  other?.wrote(99 * 2 ** 20);
  expect(asked).toBe(1);
  refused.reject(new Error("no room on the disk"));
  await expect(one?.settled()).rejects.toThrow("no room on the disk");
  other?.wrote(99 * 2 ** 20);
  expect(asked).toBe(2);
  await other?.settled();
});
