import { Worker } from "node:worker_threads";
import { rateLimiter } from "../rate.ts";
import type { ParallelJob, RangeJob, ThreadData, ThreadOrder, ThreadReport } from "./parallel-messages.ts";
import { ReadError } from "./row-error.ts";

type Frame = Extract<ThreadReport, { kind: "frame" }>;
type Range = Extract<ThreadReport, { kind: "range" }>;

/** What the reading of ranges brings. */
export interface RangeListener {
  /** A frame; its thread goes on when this resolves. Frames of one table come in any order of its ranges. */
  frame(frame: Frame): Promise<void> | null;
  range(job: RangeJob, found: Range): void;
}

/** The threads that read a database, each over a connection of its own. The first failure of any of them is that of all. */
export class ReadingThreads {
  readonly #threads: readonly ReadingThread[];

  private constructor(threads: readonly ReadingThread[]) {
    this.#threads = threads;
  }

  /** Resolves when all are connected. */
  static async start(job: ParallelJob): Promise<ReadingThreads> {
    const { connection, bytesPerSecond } = job;
    const rate = rateLimiter(bytesPerSecond).shared;
    const data: ThreadData = { connection, packing: job.dump?.packing ?? null, bytesPerSecond, rate };
    const ranges = job.tables.reduce((sum, { bounds }) => sum + bounds.length, 0);
    const threads = Array.from({ length: Math.max(1, Math.min(job.threads, ranges)) }, () => new ReadingThread(data));
    await Promise.all(threads.map((thread) => thread.next()));
    return new ReadingThreads(threads);
  }

  get size(): number {
    return this.#threads.length;
  }

  /** Each begins a transaction whose snapshot is of this moment. */
  async snapshot(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.ask({ kind: "snapshot" })));
  }

  /** A question that one of them asks in its own snapshot. */
  async rows(sql: string): Promise<readonly (readonly string[])[]> {
    const answer = await this.#threads[0]?.ask({ kind: "ask", sql });
    return answer?.kind === "answer" ? answer.rows : [];
  }

  /** Reads all of it, in the order given, as threads become free. */
  async read(jobs: readonly RangeJob[], listener: RangeListener): Promise<void> {
    const waiting = jobs.values();
    await Promise.all(
      this.#threads.map(async (thread) => {
        for (const job of waiting) {
          const found = await thread.ask({ kind: "read", job }, (frame) => listener.frame(frame));
          if (found.kind === "range") listener.range(job, found);
        }
      }),
    );
  }
}

class ReadingThread {
  readonly #worker: Worker;
  #answer = Promise.withResolvers<ThreadReport>();
  #frame: (frame: Frame) => Promise<void> | null = () => null;

  constructor(data: ThreadData) {
    // From the sources it is TypeScript, which Node runs as it is; from the build it is JavaScript.
    const script = new URL(import.meta.url.endsWith(".ts") ? "./parallel-thread.ts" : "./parallel-thread.js", import.meta.url);
    this.#worker = new Worker(script, { workerData: data, env: {}, execArgv: [], resourceLimits: { maxYoungGenerationSizeMb: 4 } });
    this.#answer.promise.catch(() => {});
    this.#worker.on("message", (report: ThreadReport) => this.#hear(report));
    this.#worker.on("error", (error) => this.#answer.reject(error));
    this.#worker.on("exit", () => this.#answer.reject(new Error("A thread that reads the database ended")));
  }

  /** Its next answer. */
  next(): Promise<ThreadReport> {
    return this.#answer.promise;
  }

  ask(order: ThreadOrder, frame: (frame: Frame) => Promise<void> | null = () => null): Promise<ThreadReport> {
    this.#frame = frame;
    this.#worker.postMessage(order);
    return this.#answer.promise;
  }

  #hear(report: ThreadReport): void {
    if (report.kind === "frame") {
      const written = () => this.#worker.postMessage({ kind: "written" } satisfies ThreadOrder);
      this.#frame(report)?.then(written, (error: unknown) => this.#answer.reject(error));
      return;
    }
    const answered = this.#answer;
    if (report.kind === "failed") {
      answered.reject(new ReadError(report.errno, report.message));
      return;
    }
    this.#answer = Promise.withResolvers();
    this.#answer.promise.catch(() => {});
    answered.resolve(report);
  }
}
