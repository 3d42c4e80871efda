import { on } from "node:events";
import { Worker } from "node:worker_threads";
import type { MediaSummary } from "../../domain/manifest.ts";
import type { Packing } from "../part.ts";
import type { NamedRoot } from "./roots.ts";

/** What a media thread is started for. */
export type MediaJob = {
  readonly roots: readonly NamedRoot[];
  readonly exclude: readonly string[];
} & (
  | { readonly task: "measure" }
  /** `spool`: an empty file for the archive's index. The thread takes its name away: whoever holds it open may read it. */
  | { readonly task: "pack"; readonly packing: Packing; readonly spool: string }
);

/** What it tells. Only a few pieces of the stored archive travel at a time, each to be answered with any message. */
export type MediaNews =
  | { readonly measured: { readonly bytes: number; readonly files: number } }
  | { readonly piece: Uint8Array; readonly total: number; readonly item: string | null }
  | { readonly packed: { readonly size: number; readonly indexSize: number } & Omit<MediaSummary, "roots"> };

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
  try {
    for await (const [news] of on(worker, "message", { signal, close: ["exit"] }) as AsyncIterable<[MediaNews]>) {
      yield news;
      if ("piece" in news) worker.postMessage("taken");
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    // Not awaited: a read from a dead network share ends when it likes.
    void worker.terminate();
  }
}
