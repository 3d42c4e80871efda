import { setTimeout as sleep } from "node:timers/promises";
import type { LogLevel } from "../../shared/enums.ts";
import { isCatalogAway } from "../db/away.ts";
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
/** A catalog that does not answer within this is away. */
const answerMilliseconds = 10_000;
/** How often a catalog that is away is asked again. */
const retryMilliseconds = 500;

/** What an operation's work is given. */
export interface Work {
  readonly signal: AbortSignal;
  /** Says how far it is; may be called as often as one likes. */
  report(report: Report): void;
  /** Adds a line to the operation's log. */
  say(level: LogLevel, message: string): void;
  /** Renews the lease now; rejects when this worker does not hold the operation any more. To be asked right before what cannot be taken back. */
  confirm(): Promise<void>;
  /** The same where the work may go on without the catalog: false when that could not be asked. */
  holds(): Promise<boolean>;
  /** Writes to the catalog as soon as it can be reached; rejects with `CatalogAway` when Holdfast stops before that. */
  patiently<T>(write: () => Promise<T>): Promise<T>;
}

/** What was done could not be written down: whoever looks at it next finds it where it lies. */
export class CatalogAway extends Error {
  override readonly name = "CatalogAway";
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
  /** Aborts when Holdfast stops. */
  readonly stopping: AbortSignal;
}

/** Starts the heartbeat of an operation that this worker holds. */
export async function startRunning(
  { db, bus, now, worker, onError, stopping }: Dependencies,
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
  let awaySince: Date | null = null;

  const say = (level: LogLevel, message: string): void => {
    sequence += 1;
    unwritten.push({ sequence, at: now(), level, message: message.slice(0, longestMessage) });
  };
  /** The catalog answers. */
  const back = (): void => {
    if (awaySince !== null) say("WARN", `The catalog was away from ${clock(awaySince)} to ${clock(now())} UTC. The work went on.`);
    awaySince = null;
  };
  const writeLines = async () => {
    // The log of an operation that was lost is whoever took it over's.
    const lines = lost ? [] : [...unwritten];
    if (lines.length > 0) await appendLog(db, first.operationId, lines);
    // What could not be written is written the next time, before what was said meanwhile.
    unwritten = lost ? [] : unwritten.slice(lines.length);
    if (lines.length > 0) bus.publish("log", { operationId: first.operationId });
  };
  const beat = async () => {
    const lease = await renew(db, kind, progress, worker, new Date(now().getTime() + leaseMilliseconds));
    if (!lease) {
      lost = true;
      controller.abort(new Failure("INTERRUPTED", "Another worker took this operation over, because this one was silent for too long."));
      return;
    }
    back();
    await writeLines();
    if (lease.cancelRequested) controller.abort(new Failure("CANCELLED", "Cancelled."));
  };
  // One beat at a time, in order; a failing catalog is reported once and tried again at the next beat.
  const write = (): Promise<void> => {
    const beaten = writing.then(beat);
    writing = beaten.catch((error) => {
      if (awaySince === null || !isCatalogAway(error)) onError(error);
      if (isCatalogAway(error)) awaySince ??= now();
    });
    return beaten;
  };
  /** Whether the catalog answered that this worker holds the operation; why not, where it could not be asked. */
  const ask = async (): Promise<unknown> => {
    try {
      await within(answerMilliseconds, write());
    } catch (error) {
      controller.signal.throwIfAborted();
      if (isCatalogAway(error)) return error;
      throw error;
    }
    controller.signal.throwIfAborted();
    return null;
  };
  const patiently = async <T>(write: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        const written = await write();
        back();
        return written;
      } catch (error) {
        if (!isCatalogAway(error)) throw error;
        awaySince ??= now();
        if (stopping.aborted) throw new CatalogAway("The catalog is away.", { cause: error });
        await sleep(retryMilliseconds, undefined, { signal: stopping }).catch(() => {});
      }
    }
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
    say,
    async confirm() {
      const away = await ask();
      if (away !== null) throw away;
    },
    holds: async () => (await ask()) === null,
    patiently,
    async settle() {
      clearInterval(timer);
      await writing;
      // A log that cannot be written is no reason to leave the operation without an end.
      await patiently(writeLines).catch(onError);
      // That the catalog was away is told behind what was written then.
      if (unwritten.length > 0) await patiently(writeLines).catch(onError);
      bus.publish("log", { operationId: first.operationId });
    },
  };
}

const clock = (instant: Date) => instant.toISOString().slice(11, 19);

/** The outcome of `work`, or the Failure of a catalog that does not answer in time. */
async function within(milliseconds: number, work: Promise<void>): Promise<void> {
  const over = new AbortController();
  const late = sleep(milliseconds, undefined, { signal: over.signal }).then(() => {
    throw Object.assign(new Error(`The catalog did not answer within ${milliseconds / 1000} seconds.`), { code: "ETIMEDOUT" });
  });
  late.catch(() => {});
  try {
    await Promise.race([work, late]);
  } finally {
    over.abort();
  }
}
