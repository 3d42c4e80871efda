import type { ScheduleRunCause, ScheduleRunReason, ScheduleRunState } from "../../shared/enums.ts";
import { formatBytes, formatCount, formatDuration } from "../../shared/format.ts";
import type { RunRowFragment } from "../graphql/generated.ts";
import type { MarkShape } from "./recovery-line.ts";
import { bare, sentence } from "./text.ts";
import { momentName, relativeTime } from "./time.ts";

export type Run = Pick<RunRowFragment, "dueAt" | "cause" | "state" | "reason" | "message" | "notBefore" | "attempt" | "dueCount"> &
  Partial<Pick<RunRowFragment, "backup" | "restore" | "verification">>;

export const causeWord: Record<ScheduleRunCause, string> = { DUE: "Due", CATCH_UP: "Caught up", MANUAL: "By hand" };

const stateWord: Record<ScheduleRunState, string> = {
  WAITING: "Waiting",
  STARTED: "Running",
  COMPLETED: "Done",
  FAILED: "Failed",
  CANCELLED: "Cancelled",
  SKIPPED: "Skipped",
};

/** What became of a due time, in a word: one that passed while nothing could start was missed, not skipped. */
export function runWord(run: Pick<Run, "state" | "reason" | "verification">): string {
  if (run.state === "SKIPPED" && run.reason === "MISSED") return "Missed";
  if (run.state === "COMPLETED" && run.verification?.passed === false) return "Not whole";
  return stateWord[run.state];
}

/** The mark of a run in a strip: hollow where nothing was made. */
export function runShape(run: Pick<Run, "state" | "reason" | "verification">): MarkShape {
  if (run.state === "SKIPPED") return run.reason === "MISSED" ? "missed" : "skipped";
  if (run.state === "COMPLETED") return run.verification ? (run.verification.passed === false ? "broken" : "proven") : "ring";
  return ({ WAITING: "waiting", STARTED: "running", FAILED: "cross", CANCELLED: "slash" } as const)[run.state];
}

const skipped: Record<ScheduleRunReason, string> = {
  MISSED: "Holdfast was not running when it was due",
  OVERLAP: "The run before it had not ended",
  QUIET_HOURS: "It fell into the quiet hours",
  JITTER: "It was put off",
  RETRY: "It had failed",
  PAUSED: "The schedule was paused",
  NOTHING_TO_DO: "There was no good backup to work on",
  REFUSED: "It was refused",
};

const waiting: Record<ScheduleRunReason, string> = {
  MISSED: "It is caught up with",
  OVERLAP: "It waits for the run before it to end",
  QUIET_HOURS: "It waits for the end of the quiet hours",
  JITTER: "It starts a little later than due, so that not all start at once",
  RETRY: "It failed and is tried again",
  PAUSED: "The schedule is paused",
  NOTHING_TO_DO: "It waits for a good backup",
  REFUSED: "It was refused",
};

/** Why a run stands as it does, as a sentence; null when its word says all. */
export function runReason(run: Run, now: Date, timeZone?: string): string | null {
  const many = run.dueCount > 1 ? ` (${formatCount(run.dueCount, "due time")})` : "";
  if (run.state === "WAITING") {
    const why = run.message ?? (run.reason ? waiting[run.reason] : "It waits for its turn");
    const until = new Date(run.notBefore);
    return sentence(until > now ? `${bare(why)}: ${momentName(until, now, timeZone)}` : bare(why));
  }
  if (run.message) return sentence(`${bare(run.message)}${many}`);
  if (run.state === "SKIPPED" && run.reason) return sentence(`${skipped[run.reason]}${many}`);
  return null;
}

/** What hover, focus and a screen reader are told of a run: "Missed; 03:00 today, 6 hours ago; Holdfast was not running when it was due." */
export function describeRun(run: Run, now: Date, timeZone?: string): string {
  const due = new Date(run.dueAt);
  const { backup } = run;
  return [
    run.cause === "MANUAL" ? `${runWord(run)}, by hand` : runWord(run),
    `${momentName(due, now, timeZone)}, ${relativeTime(due, now)}`,
    backup?.storedSize == null ? null : formatBytes(backup.storedSize),
    backup?.durationSeconds == null ? null : `took ${formatDuration(backup.durationSeconds)}`,
    run.attempt > 1 ? `try ${run.attempt}` : null,
    runReason(run, now, timeZone),
  ]
    .filter((part) => part !== null)
    .join("; ");
}

/** Where a run's result is to be seen; null where it made nothing. */
export function runHref({ backup, restore, verification }: Pick<Run, "backup" | "restore" | "verification">): string | null {
  if (backup) return `/backups/${backup.id}`;
  if (restore) return `/restore/${restore.id}`;
  return verification ? `/backups/${verification.backup.id}` : null;
}

/** How the last run ended, for the list: "Done 6 hours ago". A run that is under way says so. */
export function lastRunWords(runs: readonly Run[], now: Date): { readonly run: Run; readonly words: string } | null {
  const [run] = runs;
  if (!run) return null;
  if (run.state === "STARTED") return { run, words: "Running now" };
  if (run.state === "WAITING") return { run, words: runReason(run, now) ?? "Waiting" };
  return { run, words: `${runWord(run)} ${relativeTime(new Date(run.dueAt), now)}` };
}
