import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import type { Pace } from "../../../server/engine/rate.ts";
import { limited } from "../../../server/engine/storage/limited.ts";
import { storageContract } from "../../contracts/storage.ts";
import { memoryStorage } from "../../support/memory-storage.ts";

storageContract("limited", async () => limited(memoryStorage(), 1e9));

const still = () => ({ signal: new AbortController().signal });

/** A clock that stands until something waits, and then goes as far as the first that waits. */
function fakePace(): Pace & { time: number; longest: number } {
  const waiting: { at: number; go: () => void }[] = [];
  const pace = {
    time: 0,
    longest: 0,
    now: () => pace.time,
    async wait(ms: number) {
      pace.longest = Math.max(pace.longest, ms);
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push({ at: pace.time + ms, go: resolve });
      setImmediate(() => {
        waiting.sort((a, b) => a.at - b.at);
        const next = waiting.shift();
        if (!next) return;
        pace.time = Math.max(pace.time, next.at);
        next.go();
      });
      await promise;
    },
  };
  return pace;
}

describe("a storage with a limit", () => {
  it("takes and gives no more than so many bytes a second, over all that goes on at once", async () => {
    const pace = fakePace();
    const storage = limited(memoryStorage(), 1000, pace);
    const bytes = Buffer.alloc(5000, "x");
    await storage.put("a", Readable.from([bytes]), still());
    expect(pace.time).toBeGreaterThan(4700);
    expect(pace.time).toBeLessThan(5300);
    const before = pace.time;
    const [first, second] = await Promise.all([
      storage.get("a").then(buffer),
      storage.get("a", { start: 1000 }).then(buffer),
      storage.put("b", Readable.from([bytes]), still()),
    ]);
    expect([first.equals(bytes), second.length]).toEqual([true, 4000]);
    expect(pace.time - before).toBeGreaterThan(13_500);
    expect(pace.time - before).toBeLessThan(14_500);
    // The line is never silent for long: a storage would take that for the end.
    expect(pace.longest).toBeLessThan(500);
  });

  it("does not save up what was not used", async () => {
    const pace = fakePace();
    const storage = limited(memoryStorage(), 1000, pace);
    pace.time = 1e6;
    await storage.put("a", Readable.from([Buffer.alloc(3000)]), still());
    expect(pace.time - 1e6).toBeGreaterThan(2700);
  });

  it("ends a wait at once when a put is aborted or a stream closed", async () => {
    const memory = memoryStorage();
    memory.files.set("a", Buffer.alloc(1000));
    const waits: AbortSignal[] = [];
    const began = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const storage = limited(memory, 1, {
      now: () => 0,
      wait: (_, signal = still().signal) => {
        began[waits.push(signal) - 1]?.resolve();
        return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      },
    });
    const abort = new AbortController();
    const put = storage.put("b", Readable.from([Buffer.alloc(1000)]), { signal: abort.signal });
    const stream = await storage.get("a");
    const read = buffer(stream);
    await Promise.all(began.map(({ promise }) => promise));
    abort.abort(new Error("cancelled"));
    stream.destroy(new Error("closed"));
    await expect(put).rejects.toThrow("cancelled");
    await expect(read).rejects.toThrow("closed");
    expect(waits.map(({ aborted }) => aborted)).toEqual([true, true]);
    expect([...memory.files.keys()]).toEqual(["a"]);
  });
});
