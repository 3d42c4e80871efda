import { on } from "node:events";
import { Worker } from "node:worker_threads";
import type { NamedRoot } from "./roots.ts";

/** What a media thread is to measure. */
export interface MediaJob {
  readonly roots: readonly NamedRoot[];
  readonly exclude: readonly string[];
}

/** What it found. */
export interface Measured {
  readonly bytes: number;
  readonly files: number;
}

/** Measures folders in a thread of its own; throws what the thread threw, or the signal's reason. */
export async function measureInThread(job: MediaJob, signal: AbortSignal): Promise<Measured> {
  signal.throwIfAborted();
  // From the sources it is TypeScript, which Node runs as it is; from the build it is JavaScript.
  const script = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url);
  // A young heap of 4 MB: most of what it makes is short-lived, and the default of up to 48 MB would just fill.
  const resourceLimits = { maxYoungGenerationSizeMb: 4 };
  const worker = new Worker(script, { workerData: job, env: {}, execArgv: [], resourceLimits });
  try {
    for await (const [measured] of on(worker, "message", { signal, close: ["exit"] }) as AsyncIterable<[Measured]>) return measured;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    // Not awaited: a read from a dead network share ends when it likes.
    void worker.terminate();
  }
  throw new Error("The thread that measures media ended without an answer");
}
