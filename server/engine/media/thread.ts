import { on } from "node:events";
import { Worker } from "node:worker_threads";
import type { MediaSummary } from "../../domain/manifest.ts";
import type { NamedRoot } from "./roots.ts";

/** What a media thread is started for. */
export interface MediaJob {
  readonly task: "measure" | "pack";
  readonly roots: readonly NamedRoot[];
  readonly exclude: readonly string[];
  /** Whoever takes the pieces is done with one when the next is asked for: its memory goes back. */
  readonly reuse: boolean;
}

/** What it tells. Only a few pieces of the archive travel at a time, each to be answered. */
export type MediaNews =
  | { readonly measured: { readonly bytes: number; readonly files: number } }
  | { readonly piece: Uint8Array; readonly total: number; readonly item: string | null }
  | { readonly packed: { readonly size: number } & Omit<MediaSummary, "roots"> };

/** The answer to a piece that was taken, with its memory where that may be used again. */
export interface MediaAnswer {
  readonly memory: ArrayBuffer | null;
}

/**
 * Runs a job in a thread of its own and yields its news; each piece counts as taken when the next news are asked for.
 * Ends with the thread, throws what the thread threw, or the signal's reason; leaving the loop ends the thread.
 */
export async function* inThread(job: MediaJob, signal: AbortSignal): AsyncGenerator<MediaNews, void> {
  signal.throwIfAborted();
  // From the sources it is TypeScript, which Node runs as it is; from the build it is JavaScript.
  const script = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url);
  // A young heap of 4 MB: most of what it makes is short-lived, and the default of up to 48 MB would just fill.
  const resourceLimits = { maxYoungGenerationSizeMb: 4 };
  const worker = new Worker(script, { workerData: job, env: {}, execArgv: [], resourceLimits });
  const take = ({ buffer }: Uint8Array) => {
    const memory = job.reuse && buffer instanceof ArrayBuffer ? buffer : null;
    worker.postMessage({ memory } satisfies MediaAnswer, memory ? [memory] : []);
  };
  try {
    for await (const [news] of on(worker, "message", { signal, close: ["exit"] }) as AsyncIterable<[MediaNews]>) {
      yield news;
      if ("piece" in news) take(news.piece);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    // Not awaited: a read from a dead network share ends when it likes.
    void worker.terminate();
  }
}
