import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { Failure } from "../../../server/domain/errors.ts";
import { watched } from "../../../server/engine/storage/watched.ts";
import { storageContract } from "../../contracts/storage.ts";
import { all } from "../../support/all.ts";
import { memoryStorage } from "../../support/memory-storage.ts";

storageContract("watched", async () => watched(memoryStorage(), () => {}));

describe("a watched storage", () => {
  const away = new Failure("STORAGE_UNAVAILABLE", "It is away.");
  const still = { signal: new AbortController().signal };
  const watching = (faults: object = {}) => {
    const noted: (Failure | null)[] = [];
    return { noted, storage: watched({ ...memoryStorage(), ...faults }, (problem) => noted.push(problem)) };
  };
  const failing = async () => {
    throw away;
  };

  it("tells of each call that the storage fails", async () => {
    const { noted, storage } = watching({
      ...{ put: failing, get: failing, size: failing, remove: failing, check: failing },
      async *list() {
        yield* [];
        throw away;
      },
    });
    const calls = [storage.put("a", Readable.from([]), still), storage.get("a"), storage.size("a"), storage.remove("a"), storage.check()];
    for (const call of [...calls, all(storage.list(""))]) await expect(call).rejects.toBe(away);
    expect(noted).toEqual(Array(6).fill(away));
  });

  it("is proven by what it stores, and blamed neither for a missing name nor for bytes that break off on their way to it", async () => {
    const { noted, storage } = watching();
    await storage.put("a", Readable.from([Buffer.from("x")]), still);
    expect(noted).toEqual([null]);
    await expect(storage.get("b")).rejects.toMatchObject({ code: "NOT_FOUND" });
    async function* elsewhere() {
      yield Buffer.from("half");
      throw away;
    }
    await expect(storage.put("c", elsewhere(), still)).rejects.toBe(away);
    expect(noted).toEqual([null]);
  });
});
