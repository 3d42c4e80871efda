import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { Failure } from "../../../server/domain/errors.ts";
import type { Retry, RetryOptions } from "../../../server/engine/storage/attempts.ts";
import { retrying } from "../../../server/engine/storage/retrying.ts";
import { storageContract } from "../../contracts/storage.ts";
import { all } from "../../support/all.ts";
import { cut, fails, faulty, type Line, loseAnswer, stall, unreachable } from "../../support/faulty-storage.ts";
import { memoryStorage } from "../../support/memory-storage.ts";

const fast = { firstMs: 1, longestMs: 5 };
storageContract("retrying", async () => retrying(memoryStorage(), fast));

const still = () => ({ signal: new AbortController().signal });
/** A storage with these faults under the decorator; `retries` has what was tried again. */
function set(script: readonly Line[], options: Partial<RetryOptions> = {}) {
  const memory = memoryStorage();
  const under = faulty(memory, script);
  const retries: Retry[] = [];
  const storage = retrying(under, { ...fast, onRetry: (retry) => retries.push(retry), ...options });
  return { memory, under, storage, retries };
}
const chunks = (bytes: Buffer, size: number) =>
  Readable.from(Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => bytes.subarray(index * size, (index + 1) * size)));

describe("a storage that is asked again", () => {
  it("answers after failures that pass, and tells of each", async () => {
    const { memory, storage, retries } = set([
      { at: "size", call: 1, does: fails() },
      { at: "size", call: 2, does: fails(Object.assign(new Error("reset"), { code: "ECONNRESET" })) },
      { at: "remove", call: 1, does: loseAnswer() },
    ]);
    memory.files.set("a/b", Buffer.from("four"));
    expect(await storage.size("a/b")).toBe(4);
    expect(retries).toMatchObject([
      { call: "size a/b", retry: 1, message: "The storage does not answer." },
      { call: "size a/b", retry: 2, message: "reset" },
    ]);
    expect(retries.every(({ waitMs }) => waitMs > 0)).toBe(true);
    await storage.remove("a/b");
    expect(memory.files.size).toBe(0);
  });

  it.each([
    new Failure("NOT_FOUND", "no"),
    new Failure("CONFLICT", "no"),
    new Failure("STORAGE_FULL", "no"),
    new Failure("BAD_USER_INPUT", "no"),
    new Failure("STORAGE_UNAVAILABLE", "no", "", { reason: "HOST_KEY_CHANGED" }),
    new Failure("STORAGE_UNAVAILABLE", "no", "", { reason: "DELETE_DENIED" }),
    new Failure("STORAGE_UNAVAILABLE", "no", "", { cause: Object.assign(new Error("x"), { code: "EROFS" }) }),
    new TypeError("a bug"),
  ])("is not asked again after $code $reason", async (error) => {
    const { under, storage } = set([{ at: "size", does: fails(error) }]);
    await expect(storage.size("a")).rejects.toBe(error);
    expect(under.calls("size")).toBe(1);
  });

  it("gives up in the end, with the last failure", async () => {
    const { under, storage } = set([{ at: "free", does: fails() }], { retries: 2 });
    await expect(storage.free()).rejects.toMatchObject({ code: "STORAGE_UNAVAILABLE", message: "The storage does not answer." });
    expect(under.calls("free")).toBe(3);
  });

  it("lists on after a break, each name once", async () => {
    const memory = memoryStorage();
    for (const name of ["a/1", "a/2", "a/3"]) memory.files.set(name, Buffer.from(name));
    let passes = 0;
    async function* breaking(prefix: string) {
      passes += 1;
      for await (const entry of memory.list(prefix)) {
        yield entry;
        if (passes === 1 && entry.name === "a/2") throw unreachable();
      }
    }
    const storage = retrying({ ...memory, list: breaking }, fast);
    expect((await all(storage.list("a/"))).map(({ name }) => name)).toEqual(["a/1", "a/2", "a/3"]);
    expect(passes).toBe(2);
  });
});

describe("a stream that breaks", () => {
  const bytes = randomBytes(300_000);

  it("goes on from the byte where it was, as often as it brings something", async () => {
    const breaks = [100_000, 1, 0, 0, 50_000, 149_999].map((at, index) => ({ at: "get" as const, call: index + 1, does: cut(at) }));
    const { memory, under, storage } = set(breaks, { retries: 3 });
    memory.files.set("a", bytes);
    expect((await buffer(await storage.get("a"))).equals(bytes)).toBe(true);
    expect(under.calls("get")).toBe(6);
  });

  it("ends right within a range, and after its last byte", async () => {
    const { memory, under, storage } = set([
      { at: "get", call: 1, does: cut(10) },
      { at: "get", call: 3, does: cut(90) },
      { at: "get", call: 4, does: cut(200_000) },
    ]);
    memory.files.set("a", bytes);
    expect((await buffer(await storage.get("a", { start: 5, end: 104 }))).equals(bytes.subarray(5, 105))).toBe(true);
    expect((await buffer(await storage.get("a", { start: 10, end: 99 }))).equals(bytes.subarray(10, 100))).toBe(true);
    expect((await buffer(await storage.get("a", { start: 100_000 }))).equals(bytes.subarray(100_000))).toBe(true);
    expect(under.calls("get")).toBe(4);
  });

  it("fails when it stays broken, or its file is gone meanwhile", async () => {
    const { memory, storage } = set([{ at: "get", does: cut(10) }], { retries: 2 });
    memory.files.set("a", Buffer.alloc(0));
    await expect(buffer(await storage.get("a"))).rejects.toMatchObject({ message: "The connection was lost." });
    const gone = set([{ at: "get", call: 1, does: cut(10) }]);
    gone.memory.files.set("a", bytes);
    const stream = await gone.storage.get("a");
    gone.memory.files.delete("a");
    await expect(buffer(stream)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("lets go of what it reads when it is closed, even while that is silent", async () => {
    const { memory, under, storage } = set([{ at: "get", does: stall(10) }]);
    memory.files.set("a", bytes);
    const stream = await storage.get("a");
    const read = buffer(stream);
    await under.stalled();
    stream.destroy(new Error("nobody reads any more"));
    await expect(read).rejects.toThrow("nobody reads any more");
  });
});

describe("a put", () => {
  const long = randomBytes(3_000_000);

  it("is sent again whole while it took few bytes: a manifest survives a lost connection", async () => {
    const { memory, storage } = set([
      { at: "put", call: 1, does: fails() },
      { at: "put", call: 2, does: cut(150) },
    ]);
    await storage.put("manifest.json", chunks(long.subarray(0, 1000), 100), still());
    expect(memory.files.get("manifest.json")?.equals(long.subarray(0, 1000))).toBe(true);
  });

  it("is not sent again once it took more than can be kept", async () => {
    const { memory, under, storage } = set([{ at: "put", call: 1, does: cut(2_000_000) }]);
    await expect(storage.put("dump", chunks(long, 100_000), still())).rejects.toMatchObject({ message: "The connection was lost." });
    expect(under.calls("put")).toBe(1);
    expect(memory.files.size).toBe(0);
  });

  it("counts as done when only its answer was lost, but never takes another's file for its own", async () => {
    const { memory, storage } = set([{ at: "put", call: 1, does: loseAnswer() }]);
    await storage.put("manifest.json", Readable.from([Buffer.from("mine")]), still());
    expect(memory.files.get("manifest.json")?.toString()).toBe("mine");
    const raced = set([{ at: "put", call: 1, does: cut(100) }]);
    raced.memory.files.set("a", Buffer.from("his!"));
    await expect(raced.storage.put("a", Readable.from([Buffer.from("mine")]), still())).rejects.toMatchObject({ code: "CONFLICT" });
  });

  it("fails as its own source fails, which no other try would mend", async () => {
    const { under, storage } = set([], { failures: 1 });
    async function* failing() {
      yield Buffer.from("half");
      throw unreachable("The source is gone.");
    }
    await expect(storage.put("a", failing(), still())).rejects.toThrow("The source is gone.");
    expect(under.calls("put")).toBe(1);
    expect(await storage.size("a")).toBeNull();
  });

  it("ends a wait at once when it is aborted, and lets go of its source", async () => {
    const abort = new AbortController();
    const waiting = Promise.withResolvers<void>();
    const { storage } = set([{ at: "put", does: cut(2) }], { firstMs: 3_600_000, longestMs: 3_600_000, onRetry: () => waiting.resolve() });
    const source = new Readable({ read: () => {} });
    source.push("half");
    const put = storage.put("a", source, { signal: abort.signal });
    await waiting.promise;
    abort.abort(new Error("cancelled by its user"));
    await expect(put).rejects.toThrow("cancelled by its user");
    expect(source.destroyed).toBe(true);
  });
});

describe("a storage that is down", () => {
  it("is not asked a hundred times, but again after a rest, and at once by a check", async () => {
    let time = 0;
    const { under, storage } = set([{ at: "size", does: fails() }], { retries: 1, failures: 4, restMs: 30_000, now: () => new Date(time) });
    const asked = async (times: number) => {
      const before = under.calls("size");
      const ends = await Promise.allSettled(Array.from({ length: times }, () => storage.size("a")));
      return { calls: under.calls("size") - before, reasons: new Set(ends.map((end) => end.status === "rejected" && end.reason.reason)) };
    };
    await asked(1);
    await asked(1);
    expect(await asked(100)).toEqual({ calls: 0, reasons: new Set(["STORAGE_RESTING"]) });
    await expect(storage.size("a")).rejects.toMatchObject({
      code: "STORAGE_UNAVAILABLE",
      message: "The storage does not answer. It failed 4 times in a row and is asked again in 30 s.",
      hint: "Look whether it is running.",
    });
    time += 30_000;
    expect((await asked(100)).calls).toBe(1);
    await storage.check();
    under.heal();
    expect(await storage.size("a")).toBeNull();
  });

  it("goes on with what it is sending meanwhile", async () => {
    const { memory, storage } = set([{ at: "size", does: fails() }], { retries: 0, failures: 1 });
    memory.files.set("a", randomBytes(100_000));
    const stream = await storage.get("a");
    await expect(storage.size("a")).rejects.toThrow();
    await expect(storage.get("a")).rejects.toMatchObject({ reason: "STORAGE_RESTING" });
    expect(await buffer(stream)).toHaveLength(100_000);
  });
});
