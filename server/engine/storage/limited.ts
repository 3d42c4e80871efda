import { type Pace, rateLimiter } from "../rate.ts";
import type { Storage } from "./storage.ts";
import { throughStream } from "./stream.ts";

/** Bytes pass in pieces of at most this much time, so that the line is never silent for long. */
const pieceMs = 100;

/** `storage` with at most so many bytes a second going to and from it, over all its puts and gets together. */
export function limited(storage: Storage, bytesPerSecond: number, pace?: Pace): Storage {
  const pieceBytes = Math.max(1, Math.floor((bytesPerSecond * pieceMs) / 1000));
  const limiter = rateLimiter(bytesPerSecond, pace ? { pace } : {});

  async function* paced(source: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    for await (const chunk of source)
      for (let start = 0; start < chunk.length; start += pieceBytes) {
        const piece = chunk.subarray(start, start + pieceBytes);
        await limiter.take(piece.length, signal);
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
