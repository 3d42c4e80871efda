import { Worker } from "node:worker_threads";
import type { Packing } from "../part.ts";
import type { RateLimiter } from "../rate.ts";
import type { Entry, Skipped } from "./entry.ts";
import { type Segment, smallFile } from "./segment.ts";

/** What all threads of a pack know. */
export interface PackSettings {
  readonly prefixes: readonly string[];
  readonly packing: Packing;
  /** Uncompressed bytes of a stretch. */
  readonly roomBytes: number;
  /** Whether it is encrypted: then what is not worth compressing comes as it is, in memory that the thread gets back. */
  readonly sealed: boolean;
}

/** What a thread is told: a run of entries to pack, or that a stretch of it was read, and what it lent for that. */
export type PackOrder = PackJobOrder | { readonly lent: ArrayBuffer | null };

export interface PackJobOrder {
  readonly job: number;
  readonly found: readonly (Entry | Skipped)[];
}

/** A stretch of the archive as it is to be stored. */
export interface PackedSegment extends Omit<Segment, "bytes"> {
  readonly job: number;
  readonly frames: readonly PackedFrame[];
  /** The memory of the `raw` frames, if there are any. */
  readonly lent: ArrayBuffer | null;
  /** The run of entries has ended; it comes with nothing else. */
  readonly last: boolean;
}

/** A frame, ready to be stored; or `raw`, its bytes as they are, of which one is to be made. */
export interface PackedFrame {
  readonly bytes: Uint8Array;
  /** Uncompressed bytes. */
  readonly size: number;
  readonly raw: boolean;
}

interface Run {
  readonly found: (Entry | Skipped)[];
  bytes: number;
}

interface Job {
  readonly at: Thread;
  readonly arrived: PackedSegment[];
}

interface Thread {
  readonly worker: Worker;
  jobs: number;
}

/** Runs of entries under way for each thread: one is read, two are compressed, one is written. */
const jobsEach = 4;
/** A header, and a further one with its body for the exact time. */
const headerBytes = 3 * 512;
const mostEntries = 2000;

/**
 * Packs what was `found` in threads of which each reads and hashes a run of entries at a time, while the pool compresses those
 * before it. The stretches come in the order of what was found; when the next is asked for, one is of no more use, and what it lent
 * goes back. Memory stays the same.
 *
 * There is one for two cores: reading and hashing take as long as compressing, and another thread costs 0.2 s of processor time
 * before it runs as fast as the first.
 */
export async function* packInThreads(
  found: Iterable<Entry | Skipped>,
  settings: PackSettings,
  cores: number,
  rate: RateLimiter,
): AsyncGenerator<PackedSegment, void> {
  const most = Math.ceil(cores / 2);
  const threads: Thread[] = [];
  const queue = new Map<number, Job>();
  const source = runsOf(found, settings.roomBytes);
  let [ended, started, wake] = [false, 0, () => {}];
  let failure: { readonly error: unknown } | null = null;
  const fail = (error: unknown) => {
    failure ??= { error };
    wake();
  };

  function start(): Thread {
    // From the sources it is TypeScript, which Node runs as it is; from the build it is JavaScript.
    const script = new URL(import.meta.url.endsWith(".ts") ? "./pack-worker.ts" : "./pack-worker.js", import.meta.url);
    const worker = new Worker(script, { workerData: settings, resourceLimits: { maxYoungGenerationSizeMb: 4 } });
    worker.on("message", (segment: PackedSegment) => {
      queue.get(segment.job)?.arrived.push(segment);
      wake();
    });
    worker.once("error", fail);
    worker.once("exit", () => fail(new Error("A thread that packs media ended by itself")));
    const thread = { worker, jobs: 0 };
    threads.push(thread);
    return thread;
  }

  /** Gives out work until all threads have enough. */
  async function dispatch(): Promise<void> {
    while (!ended && queue.size < most * jobsEach) {
      const next = source.next();
      if (next.done) {
        ended = true;
        return;
      }
      await rate.take(Math.min(next.value.bytes, settings.roomBytes));
      const idle = threads.find(({ jobs }) => jobs === 0) ?? (threads.length < most ? start() : null);
      const at = idle ?? threads.reduce((least, thread) => (thread.jobs < least.jobs ? thread : least));
      at.jobs += 1;
      queue.set(started, { at, arrived: [] });
      at.worker.postMessage({ job: started, found: next.value.found } satisfies PackOrder);
      started += 1;
    }
  }

  try {
    for (let first = 0; ; ) {
      await dispatch();
      const job = queue.get(first);
      if (!job) return;
      let count = 0;
      for (;;) {
        const segment = job.arrived.shift();
        if (failure) throw (failure as { readonly error: unknown }).error;
        if (!segment) {
          const { promise, resolve } = Promise.withResolvers<void>();
          wake = resolve;
          await promise;
          continue;
        }
        if (segment.last) break;
        if (count++ > 0) await rate.take(segment.frames.reduce((sum, { size }) => sum + size, 0));
        yield segment;
        const { lent } = segment;
        job.at.worker.postMessage({ lent } satisfies PackOrder, lent ? [lent] : []);
      }
      job.at.jobs -= 1;
      queue.delete(first);
      first += 1;
    }
  } finally {
    for (const { worker } of threads) {
      worker.removeAllListeners();
      worker.on("error", () => {});
      void worker.terminate();
    }
  }
}

/** Cuts what was found into runs of about one stretch; a large file, which takes several, is the last of its run. */
function* runsOf(found: Iterable<Entry | Skipped>, most: number): Generator<Run, void> {
  let run: Run = { found: [], bytes: 0 };
  for (const item of found) {
    const [size, large] = item.kind === "file" ? [item.size, item.size > smallFile] : [0, false];
    if (run.found.length >= mostEntries || (!large && run.bytes + headerBytes + size > most * filled)) {
      yield run;
      run = { found: [], bytes: 0 };
    }
    run.found.push(item);
    run.bytes += headerBytes + size;
    if (!large) continue;
    yield run;
    run = { found: [], bytes: 0 };
  }
  if (run.found.length > 0) yield run;
}

/** Of a stretch: what an entry takes is not known to the byte before it is read. */
const filled = 0.97;
