import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { type Pace, rateLimiter } from "../../server/engine/rate.ts";

/** A clock that stands still but for the waits. */
function steppedPace() {
  let now = 1000;
  const pace: Pace = {
    now: () => now,
    async wait(ms) {
      now += ms;
    },
  };
  const idle = (ms: number) => {
    now += ms;
  };
  return { pace, now: () => now, idle };
}

describe("a rate limiter", () => {
  it("lets exactly its rate pass, whatever the sizes, and saves up no more than a quarter of a second", async () => {
    const clock = steppedPace();
    const { take } = rateLimiter(1000, { pace: clock.pace });
    for (const bytes of [1, 249, 333, 4000, 7, 410]) await take(bytes);
    expect(clock.now()).toBeCloseTo(1000 + 5000 - 250, 3);
    clock.idle(60_000);
    const before = clock.now();
    await take(1000);
    expect(clock.now() - before).toBeCloseTo(750, 3);
  });

  it("gives those who come at once their turns one after the other", async () => {
    const waits: number[] = [];
    const pace: Pace = { now: () => 0, wait: async (ms) => void waits.push(Math.round(ms)) };
    const { take } = rateLimiter(100, { pace });
    await Promise.all([take(100), take(100), take(100)]);
    expect(waits).toEqual([750, 1750, 2750]);
  });

  it("keeps one rate with another thread", async () => {
    const clock = steppedPace();
    const here = rateLimiter(1000, { pace: clock.pace });
    const code = `
      const { workerData, parentPort } = require("node:worker_threads");
      import(${JSON.stringify(new URL("../../server/engine/rate.ts", import.meta.url).href)}).then(async ({ rateLimiter }) => {
        await rateLimiter(1000, { shared: workerData, pace: { now: () => 1000, wait: async () => {} } }).take(2000);
        parentPort.postMessage("taken");
      });`;
    const worker = new Worker(code, { eval: true, workerData: here.shared });
    await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
    await worker.terminate();
    await here.take(1000);
    expect(clock.now()).toBeCloseTo(1000 + 3000 - 250, 3);
  });

  it("without a rate lets everything pass, and a wait ends with its signal's reason", async () => {
    await rateLimiter(null).take(Number.MAX_SAFE_INTEGER);
    const cancel = new AbortController();
    const waiting = rateLimiter(1).take(1000, cancel.signal);
    cancel.abort(new Error("cancelled"));
    await expect(waiting).rejects.toThrow("cancelled");
    await expect(rateLimiter(null).take(1, cancel.signal)).rejects.toThrow("cancelled");
  });
});
