import { on } from "node:events";
import { Worker } from "node:worker_threads";
import type { MediaSummary } from "../../domain/manifest.ts";
import type { NamedRoot } from "./roots.ts";

/** What a media thread is started for. */
export interface MediaJob {
  readonly task: "measure" | "pack";
  readonly roots: readonly NamedRoot[];
  readonly exclude: readonly string[];
}

/** What it tells. A piece of the archive is waited for by `taken`: only a few travel at a time. */
export type MediaNews =
  | { readonly measured: { readonly bytes: number; readonly files: number } }
  | { readonly piece: Uint8Array; readonly total: number; readonly item: string | null }
  | { readonly packed: { readonly size: number } & Omit<MediaSummary, "roots"> };

/**
 * Runs a job in a thread of its own and yields its news; each piece counts as taken when the next news are asked for.
 * Ends with the thread, throws what the thread threw, or the signal's reason; leaving the loop ends the thread.
 */
export async function* inThread(job: MediaJob, signal: AbortSignal): AsyncGenerator<MediaNews, void> {
  signal.throwIfAborted();
  // From the sources it is TypeScript, which Node runs as it is; from the build it is JavaScript.
  const script = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url);
  const worker = new Worker(script, { workerData: job, env: {}, execArgv: [] });
  try {
    for await (const [news] of on(worker, "message", { signal, close: ["exit"] })) {
      yield news as MediaNews;
      worker.postMessage("taken");
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    // Not awaited: a read from a dead network share ends when it likes.
    void worker.terminate();
  }
}
