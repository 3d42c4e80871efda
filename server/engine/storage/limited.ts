import { setTimeout as sleep } from "node:timers/promises";
import type { Storage } from "./storage.ts";
import { throughStream } from "./stream.ts";

/** Milliseconds that only go forward, and a wait that ends at once when its signal aborts. */
export interface Pace {
  now(): number;
  wait(ms: number, signal: AbortSignal): Promise<unknown>;
}
const realPace: Pace = { now: () => performance.now(), wait: (ms, signal) => sleep(ms, undefined, { signal }) };

/** Bytes pass in pieces of at most this much time, so that the line is never silent for long. */
const pieceMs = 100;
/** What an idle time may save up. */
const creditMs = 250;

/** `storage` with at most so many bytes a second going to and from it, over all its puts and gets together. */
export function limited(storage: Storage, bytesPerSecond: number, pace: Pace = realPace): Storage {
  const pieceBytes = Math.max(1, Math.floor((bytesPerSecond * pieceMs) / 1000));
  let freeAt = -Infinity;

  /** Waits for the turn of `bytes` bytes; who comes later waits for a later turn. */
  async function turn(bytes: number, signal: AbortSignal): Promise<void> {
    const now = pace.now();
    const start = Math.max(freeAt, now - creditMs);
    freeAt = start + (bytes / bytesPerSecond) * 1000;
    if (freeAt > now) await pace.wait(freeAt - now, signal);
    signal.throwIfAborted();
  }
  async function* paced(source: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    for await (const chunk of source)
      for (let start = 0; start < chunk.length; start += pieceBytes) {
        const piece = chunk.subarray(start, start + pieceBytes);
        await turn(piece.length, signal);
        yield piece;
      }
  }
  return {
    ...storage,
    put: (name, bytes, options) => storage.put(name, paced(bytes, options.signal), options),
    async get(name, range) {
      return throughStream(await storage.get(name, range), paced);
    },
  };
}
