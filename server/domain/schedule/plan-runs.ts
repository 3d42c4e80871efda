import { createHash } from "node:crypto";
import type { ScheduleRunCause, ScheduleRunReason, ScheduleRunState } from "../../../shared/enums.ts";
import { formatCount } from "../../../shared/format.ts";
import type { ScheduleId } from "../ids.ts";
import type { ScheduleDefinition } from "../schedule.ts";

/** What decides about a schedule's due times. */
export type RunRules = Pick<ScheduleDefinition, "missedRuns" | "graceMinutes" | "overlap" | "jitterSeconds"> & { readonly id: ScheduleId };

/** What is to become of a due time, or of several that were missed in a row. */
export interface PlannedRun {
  readonly dueAt: Date;
  readonly cause: ScheduleRunCause;
  readonly state: Extract<ScheduleRunState, "WAITING" | "SKIPPED">;
  readonly reason: ScheduleRunReason | null;
  readonly message: string | null;
  readonly notBefore: Date;
  readonly dueCount: number;
}

export interface Situation {
  readonly now: Date;
  /** How many runs of the schedule have not ended. */
  readonly unfinished: number;
  /** The first instant from this one on at which quiet hours let something start. */
  readonly allowedFrom: (instant: Date) => Date;
}

/** A due time that is considered later than this was missed: nothing could start when it came. */
export const missedAfterMilliseconds = 60_000;
/** So many missed due times get a row of their own; the older ones share one. */
const missedRows = 20;
const minute = 60_000;

/** Decides what becomes of the due times that have come, in ascending order; the same input gives the same answer in every process. */
export function planRuns(rules: RunRules, dueTimes: readonly Date[], { now, unfinished, allowedFrom }: Situation): PlannedRun[] {
  const isMissed = (due: Date) => now.getTime() - due.getTime() > missedAfterMilliseconds;
  const missed = dueTimes.filter(isMissed);
  const fresh = dueTimes.filter((due) => !isMissed(due));
  const newest = missed.at(-1);
  // A run that is due just now is as good as one that catches up.
  const catchUp = newest && fresh.length === 0 && rules.missedRuns === "RUN_ONCE" && isWithinGrace(rules, newest, now) ? newest : null;
  const runs = skippedRuns(catchUp ? missed.slice(0, -1) : missed, whySkipped(rules, catchUp !== null || fresh.length > 0));
  let before = unfinished;
  for (const dueAt of catchUp ? [catchUp] : fresh) {
    const run = plannedRun(rules, dueAt, before, catchUp ? now : dueAt, allowedFrom);
    runs.push(catchUp ? { ...run, cause: "CATCH_UP" } : run);
    if (run.state === "WAITING") before += 1;
  }
  return runs;
}

const isWithinGrace = ({ graceMinutes }: RunRules, due: Date, now: Date) => now.getTime() - due.getTime() <= graceMinutes * minute;

function whySkipped({ missedRuns, graceMinutes }: RunRules, followed: boolean): string {
  if (missedRuns === "SKIP") return "What is missed is not made up for.";
  if (followed) return "A later run makes up for it.";
  return `That is longer ago than the ${formatCount(graceMinutes, "minute")} within which it is made up for.`;
}

/** A row for each of the newest, and one for all that are older. */
function skippedRuns(missed: readonly Date[], why: string): PlannedRun[] {
  const [older, own] = [missed.slice(0, -missedRows), missed.slice(-missedRows)];
  const skipped = (dueAt: Date, dueCount: number): PlannedRun => ({
    ...{ dueAt, cause: "DUE", state: "SKIPPED", reason: "MISSED", notBefore: dueAt, dueCount },
    message: `${dueCount === 1 ? "Holdfast was not running when it was due." : `Holdfast was not running at this and ${formatCount(dueCount - 1, "earlier due time")}.`} ${why}`,
  });
  const last = older.at(-1);
  return [...(last ? [skipped(last, older.length)] : []), ...own.map((dueAt) => skipped(dueAt, 1))];
}

function plannedRun(rules: RunRules, dueAt: Date, unfinished: number, from: Date, allowedFrom: Situation["allowedFrom"]): PlannedRun {
  const base = { dueAt, cause: "DUE", dueCount: 1 } as const;
  if (unfinished > 0 && rules.overlap === "SKIP")
    return { ...base, state: "SKIPPED", reason: "OVERLAP", message: "The run before it had not ended.", notBefore: dueAt };
  if (unfinished > 1)
    return {
      ...base,
      state: "SKIPPED",
      reason: "OVERLAP",
      message: "A run was waiting already for the one before to end.",
      notBefore: dueAt,
    };
  const delay = jitterOf(rules, dueAt);
  const jittered = new Date(from.getTime() + delay);
  const notBefore = allowedFrom(jittered);
  const waits = { ...base, state: "WAITING", notBefore } as const;
  if (unfinished > 0) return { ...waits, reason: "OVERLAP", message: "Waits for the run before it to end." };
  if (notBefore > jittered) return { ...waits, reason: "QUIET_HOURS", message: "Waits for the end of the quiet hours." };
  if (delay > 0)
    return {
      ...waits,
      reason: "JITTER",
      message: `Starts ${formatCount(delay / 1000, "second")} late, so that not all schedules start at once.`,
    };
  return { ...waits, reason: null, message: null };
}

/** Milliseconds by which this due time starts late: whole seconds, the same wherever it is worked out. */
export function jitterOf({ id, jitterSeconds }: Pick<RunRules, "id" | "jitterSeconds">, dueAt: Date): number {
  if (jitterSeconds <= 0) return 0;
  const chance = createHash("sha256").update(`${id} ${dueAt.getTime()}`).digest().readUInt32BE();
  return (chance % (jitterSeconds + 1)) * 1000;
}
