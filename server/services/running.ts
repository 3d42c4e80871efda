import type { LogLevel } from "../../shared/enums.ts";
import type { Db } from "../db/client.ts";
import { appendLog, type LogLine, lastLogSequence, renew, type StoredKind } from "../db/operations.ts";
import { Failure } from "../domain/errors.ts";
import { advance, type Progress, type Report } from "../domain/progress.ts";
import type { Bus } from "../events/bus.ts";

/** How long a worker may be silent before others take its operation for lost. */
export const leaseMilliseconds = 30_000;
const heartbeatMilliseconds = 1_000;
const publishMilliseconds = 250;
const longestMessage = 4000;

/** What an operation's work is given. */
export interface Work {
  readonly signal: AbortSignal;
  /** Says how far it is; may be called as often as one likes. */
  report(report: Report): void;
  /** Adds a line to the operation's log. */
  say(level: LogLevel, message: string): void;
  /** Renews the lease now; rejects when this worker does not hold the operation any more. To be asked right before what cannot be taken back. */
  confirm(): Promise<void>;
}

/** The live side of one running operation: its progress, its log, its heartbeat. */
export interface RunningOperation extends Work {
  readonly progress: () => Progress;
  cancel(message?: string): void;
  /** Stops the heartbeat and writes what is still unwritten. */
  settle(): Promise<void>;
}

interface Dependencies {
  readonly db: Db;
  readonly bus: Bus;
  readonly now: () => Date;
  readonly worker: string;
  readonly onError: (error: unknown) => void;
}

/** Starts the heartbeat of an operation that this worker holds. */
export async function startRunning(
  { db, bus, now, worker, onError }: Dependencies,
  kind: StoredKind,
  first: Progress,
): Promise<RunningOperation> {
  const controller = new AbortController();
  let progress = first;
  let published = 0;
  let sequence = await lastLogSequence(db, first.operationId);
  let unwritten: LogLine[] = [];
  let lost = false;
  let writing: Promise<void> = Promise.resolve();

  const writeLines = async () => {
    // The log of an operation that was lost is whoever took it over's.
    const lines = lost ? [] : unwritten;
    unwritten = [];
    if (lines.length === 0) return;
    await appendLog(db, first.operationId, lines);
    bus.publish("log", { operationId: first.operationId });
  };
  const beat = async () => {
    const lease = await renew(db, kind, progress, worker, new Date(now().getTime() + leaseMilliseconds));
    if (!lease) {
      lost = true;
      controller.abort(new Failure("INTERRUPTED", "Another worker took this operation over, because this one was silent for too long."));
      return;
    }
    await writeLines();
    if (lease.cancelRequested) controller.abort(new Failure("CANCELLED", "Cancelled."));
  };
  // One beat at a time, in order; a failing catalog is reported and tried again at the next beat.
  const write = (): Promise<void> => {
    const beaten = writing.then(beat);
    writing = beaten.catch(onError);
    return beaten;
  };
  const timer = setInterval(() => void write().catch(() => {}), heartbeatMilliseconds);

  return {
    signal: controller.signal,
    progress: () => progress,
    cancel: (message = "Cancelled.") => controller.abort(new Failure("CANCELLED", message)),
    report(report) {
      const at = now();
      const due = at.getTime() - published >= publishMilliseconds || report.phase !== progress.phase;
      if (!due) return;
      progress = advance(progress, report, at);
      published = at.getTime();
      bus.publish("progress", progress);
    },
    say(level, message) {
      sequence += 1;
      unwritten.push({ sequence, at: now(), level, message: message.slice(0, longestMessage) });
    },
    async confirm() {
      await write();
      controller.signal.throwIfAborted();
    },
    async settle() {
      clearInterval(timer);
      await writing;
      // A log that cannot be written is no reason to leave the operation without an end.
      await writeLines().catch(onError);
      bus.publish("log", { operationId: first.operationId });
    },
  };
}
