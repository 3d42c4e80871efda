import { expect, it } from "vitest";
import { Failure } from "../../server/domain/errors.ts";
import { newId, type StorageId } from "../../server/domain/ids.ts";
import { createStorageLooks } from "../../server/services/storage-looks.ts";
import { memoryStorage } from "../support/memory-storage.ts";

const start = new Date("2026-11-23T12:00:00.000Z");

function looking() {
  let at = start.getTime();
  const published: string[] = [];
  const bus = { publish: (_topic: string, { id }: { id: string }) => void published.push(id) };
  const looks = createStorageLooks({ bus: bus as never, now: () => new Date(at) });
  return { looks, published, pass: (ms: number) => (at += ms) };
}

it("asks a storage for its room once in a while, and waits for none that does not answer", async () => {
  const { looks, pass } = looking();
  const id = newId<StorageId>();
  let asked = 0;
  const storage = async () => ({ ...memoryStorage(), free: async () => (asked += 1), total: async () => 100 });
  expect(await looks.capacity(id, storage, 60_000)).toEqual({ free: 1, total: 100 });
  expect(await looks.capacity(id, storage, 60_000)).toMatchObject({ free: 1 });
  pass(60_001);
  expect(await looks.capacity(id, storage, 60_000)).toMatchObject({ free: 2 });

  pass(60_001);
  const answered = Promise.withResolvers<number>();
  const silent = async () => ({ ...memoryStorage(), free: () => answered.promise });
  expect(await looks.capacity(id, silent, 60_000)).toEqual({ free: null, total: null });
  // Who asks meanwhile waits no second time, and the answer counts when it comes.
  expect(await looks.capacity(id, silent, 60_000)).toEqual({ free: null, total: null });
  answered.resolve(7);
  await expect.poll(async () => (await looks.capacity(id, silent, 60_000)).free).toBe(7);
});

it("tells of a storage when it begins and ceases to be in trouble, not each time that it is used", () => {
  const { looks, published } = looking();
  const id = newId<StorageId>();
  const away = new Failure("STORAGE_UNAVAILABLE", "It is away.");
  for (const problem of [null, null, away, away, null, null]) looks.note(id, problem);
  expect(published).toHaveLength(3);
  expect(looks.of(id)).toMatchObject({ problem: null, checkedAt: start });
});
