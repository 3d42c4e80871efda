import { setTimeout as sleep } from "node:timers/promises";

/** Milliseconds that only go forward, and a wait that ends at once when its signal aborts. */
export interface Pace {
  now(): number;
  wait(ms: number, signal?: AbortSignal): Promise<unknown>;
}

/** Lets so many bytes pass each second, whoever takes them. */
export interface RateLimiter {
  /** Waits until `bytes` more may have passed; rejects with the signal's reason when it aborts. */
  take(bytes: number, signal?: AbortSignal): Promise<void>;
  /** What another thread makes a limiter of, so that both keep one rate together. */
  readonly shared: SharedArrayBuffer;
}

interface RateOptions {
  readonly pace?: Pace;
  /** Of the limiter in another thread that this one keeps its rate with. */
  readonly shared?: SharedArrayBuffer;
}

/** What an idle time may save up. */
const creditMs = 250;
const nanoseconds = 1_000_000;

/** The clock is the machine's own, the same in every thread. */
const realPace: Pace = {
  now: () => Number(process.hrtime.bigint()) / nanoseconds,
  wait: (ms, signal) => sleep(ms, undefined, { signal }),
};

/** A limiter of `bytesPerSecond`; null lets everything pass at once. Each byte is counted once and none is forgiven, so it never drifts. */
export function rateLimiter(bytesPerSecond: number | null, { pace = realPace, shared }: RateOptions = {}): RateLimiter {
  const memory = shared ?? new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT);
  const freeAt = new BigInt64Array(memory);

  async function take(bytes: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (bytesPerSecond === null || bytes === 0) return;
    const now = pace.now();
    const turn = booked(freeAt, now, (bytes / bytesPerSecond) * 1000);
    if (turn <= now) return;
    try {
      await pace.wait(turn - now, signal);
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  }
  return { take, shared: memory };
}

/** Puts `costMs` behind all that is booked already, also by other threads; when it will have passed. */
function booked(freeAt: BigInt64Array, now: number, costMs: number): number {
  for (;;) {
    const before = Atomics.load(freeAt, 0);
    const start = before === 0n ? now - creditMs : Math.max(Number(before) / nanoseconds, now - creditMs);
    const turn = start + costMs;
    if (Atomics.compareExchange(freeAt, 0, before, BigInt(Math.round(turn * nanoseconds))) === before) return turn;
  }
}
