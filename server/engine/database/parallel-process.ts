import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { SharedSnapshot } from "../../domain/manifest.ts";
import type { PartProgress } from "../part.ts";
import { spawnTool, type ToolExit } from "../process.ts";
import { outputOf, script } from "./dump-pipeline.ts";
import type { ParallelJob, ParallelReport } from "./parallel-messages.ts";

/** The last thing that the child told; null where it ended without a word. */
export type ReadingEnd = Extract<ParallelReport, { kind: "done" | "sums" | "failed" }> | null;

/** The child that reads a database over several connections. Whoever has it ends it by `stop`, also after its end. */
export interface Reading {
  /** Its connections see one state of the database, or that was not to be had; null where it ended before. */
  readonly began: Promise<{ readonly snapshot: SharedSnapshot } | { readonly refused: string } | null>;
  /** Takes the structure. */
  readonly input: Writable;
  /** The compressed frames. */
  readonly output: Readable;
  readonly exited: Promise<ToolExit>;
  readonly end: Promise<ReadingEnd>;
  progress(): PartProgress;
  stop(): Promise<unknown>;
}

/** Starts it. The password goes by its standard input, so that neither its arguments nor its environment hold it. */
export function startReading(job: ParallelJob, lowPriority: boolean, signal: AbortSignal): Reading {
  const child = spawnTool(process.execPath, ["--max-semi-space-size=1", script("./parallel-child")], {
    ...{ stdin: "pipe", fds: ["pipe"], secrets: [job.connection.password], lowPriority, signal },
  });
  const [reports] = child.reports;
  if (!reports || !child.stdin) throw new Error("The child that reads the database was started without its pipes");
  const began = Promise.withResolvers<Awaited<Reading["began"]>>();
  let progress: PartProgress = { bytes: 0, item: null };
  const follow = async (): Promise<ReadingEnd> => {
    let end: ReadingEnd = null;
    try {
      for await (const text of createInterface({ input: reports })) {
        const line = JSON.parse(text) as ParallelReport;
        if (line.kind === "progress") progress = { bytes: line.bytes, item: line.item };
        else if (line.kind === "snapshot") began.resolve({ snapshot: line.snapshot });
        else if (line.kind === "refused") began.resolve({ refused: line.reason });
        else end = line;
      }
    } finally {
      began.resolve(null);
    }
    if (end?.kind === "done") progress = { ...progress, bytes: end.result.bytes };
    return end;
  };
  const end = follow().catch(() => null);
  child.stdin.write(`${JSON.stringify(job)}\n`);
  return {
    ...{ began: began.promise, input: child.stdin, output: outputOf(child), exited: child.exited, end },
    ...{ progress: () => progress, stop: () => child.stop() },
  };
}
