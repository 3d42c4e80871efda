import { Readable } from "node:stream";
import type { DatabaseSummary } from "../../domain/manifest.ts";
import type { PartProgress, PartReader } from "../part.ts";
import { inPieces, keptOutput } from "../pieces.ts";
import { lively, unlessStalled } from "./dump-pipeline.ts";

/** Children that write a dump. */
export interface RunningDump {
  readonly output: Readable;
  progress(): PartProgress;
  stop(): Promise<unknown>;
}

export interface Reading<Ended> {
  readonly dump: RunningDump;
  /** Settles when all children have ended, and with what they told. */
  readonly ended: Promise<Ended>;
  /** Throws unless the dump is proved whole; `stored` bytes came of it. */
  readonly prove: (ended: Ended, stored: number) => Promise<{ readonly size: number; readonly summary: DatabaseSummary }>;
  readonly idle: number;
  readonly signal: AbortSignal;
}

/** A running dump as a part to store, whose bytes end only when it is proved whole. */
export function readDump<Ended>({ dump, ended, prove, idle, signal }: Reading<Ended>): PartReader<DatabaseSummary> {
  const output = keptOutput(dump.output);
  const done = Promise.withResolvers<{ size: number; summary: DatabaseSummary }>();
  done.promise.catch(() => {});

  async function* gated(): AsyncGenerator<Uint8Array> {
    let stored = 0;
    const progress = () => stored + dump.progress().bytes;
    try {
      for await (const chunk of inPieces(unlessStalled(output, progress, idle))) {
        stored += chunk.length;
        yield chunk;
      }
      const told = await lively(ended, progress, idle);
      signal.throwIfAborted();
      done.resolve(await prove(told, stored));
    } catch (error) {
      done.reject(signal.aborted ? signal.reason : error);
      throw signal.aborted ? signal.reason : error;
    } finally {
      await dump.stop();
    }
  }
  const bytes = Readable.from(gated(), { highWaterMark: 1 });
  // Whoever reads meets the error; before anybody does, it must not count as uncaught.
  bytes.on("error", () => {});
  // A reader that goes away early ends the dump as well.
  bytes.once("close", () => {
    done.reject(signal.aborted ? signal.reason : (bytes.errored ?? new Error("The dump was not read to its end")));
    void dump.stop();
  });
  const onAbort = () => bytes.destroy(signal.reason instanceof Error ? signal.reason : new Error("The dump was cancelled"));
  signal.addEventListener("abort", onAbort, { once: true });
  bytes.once("close", () => signal.removeEventListener("abort", onAbort));
  return { bytes, progress: () => dump.progress(), done: done.promise };
}
