import type { ScheduleRunCause, ScheduleRunReason, ScheduleRunState } from "../../shared/enums.ts";
import { formatBytes, formatCount, formatDuration } from "../../shared/format.ts";
import type { RunRowFragment, ScheduleRowFragment } from "../graphql/generated.ts";
import type { MarkShape } from "./recovery-line.ts";
import { continued, sentence } from "./text.ts";
import { clockTime, momentName, relativeTime } from "./time.ts";

export type Run = Pick<RunRowFragment, "dueAt" | "cause" | "state" | "reason" | "message" | "notBefore" | "attempt" | "dueCount"> &
  Partial<Pick<RunRowFragment, "backup" | "restore" | "verification">>;

type Whole = Pick<ScheduleRowFragment, "kind" | "backupType" | "source" | "targetSource" | "description"> & {
  readonly level?: ScheduleRowFragment["level"];
};

/** What a schedule does and when, in one sentence: "Backs up everything of Shop, every day at 03:00 (Europe/Berlin)." */
export function scheduleSentence(schedule: Whole): string {
  return `${doing(schedule)}, ${continued(bare(schedule.description))}.`;
}

const part = { FULL: "everything", DATABASE: "the database", MEDIA: "the media" } as const;

function doing({ kind, backupType, source, targetSource, level }: Whole): string {
  switch (kind) {
    case "BACKUP":
      return `Backs up ${part[backupType]} of ${source.name}`;
    case "RESTORE":
      return `Restores ${part[backupType]} of the newest good backup of ${source.name} into ${targetSource?.name ?? "no source"}`;
    case "VERIFICATION":
      return level === "CHECKSUM"
        ? `Reads back the newest good backup of ${source.name}`
        : `Proves the newest good backup of ${source.name} by restoring it`;
    default:
      throw kind satisfies never;
  }
}

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
  CLOCK: "The clock of the machine had jumped",
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
  CLOCK: "It waits until the clock of the machine is steady",
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

const bare = (text: string) => text.trim().replace(/\.$/, "");

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

type Health = ScheduleRowFragment["health"];
export const healthWord: Record<Health, string> = {
  GOOD: "Good",
  WAITING: "No run yet",
  FAILING: "Failing",
  MISSED: "Missed",
  PAUSED: "Paused",
};

/** How the last run ended, for the list: "Done 6 hours ago". A run that is under way says so. */
export function lastRunWords(runs: readonly Run[], now: Date): { readonly run: Run; readonly words: string } | null {
  const [run] = runs;
  if (!run) return null;
  if (run.state === "STARTED") return { run, words: "Running now" };
  if (run.state === "WAITING") return { run, words: runReason(run, now) ?? "Waiting" };
  return { run, words: `${runWord(run)} ${relativeTime(new Date(run.dueAt), now)}` };
}

/** A due time where the schedule lives, and, where the viewer's clock shows another, what it shows then; the day only where it is another. */
export function dueWords(
  at: Date,
  now: Date,
  timeZone: string,
  viewer = viewerZone(),
): { readonly there: string; readonly here: string | null } {
  const [there, here] = [momentName(at, now, timeZone), momentName(at, now, viewer)];
  if (there === here) return { there, here: null };
  const day = there.slice(there.indexOf(" "));
  return { there, here: here.endsWith(day) ? here.slice(0, -day.length) : here };
}

/** The zone of the viewer's own clock. */
export const viewerZone = (): string => new Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Why a daily time is not due at its own hour on this day: the clocks are changed. Null on every other day. */
export function clockChange(at: Date, timeOfDay: string, timeZone: string): string | null {
  const shown = clockTime(at, timeZone);
  if (shown !== timeOfDay) return `${timeOfDay} does not exist that day: the clocks go forward`;
  const again = clockTime(new Date(at.getTime() + 3_600_000), timeZone);
  return again === shown ? `${timeOfDay} comes twice that day: it runs the first time` : null;
}

export const weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"] as const;

/** "1st", "22nd", "13th". */
export function ordinal(day: number): string {
  const teen = day % 100 > 10 && day % 100 < 14;
  return `${day}${teen ? "th" : (["th", "st", "nd", "rd"][day % 10] ?? "th")}`;
}

/** What becomes of months that lack the day; null when every month has it. */
export function shortMonths(day: number): string | null {
  if (day <= 28) return null;
  const which = day === 29 ? "A February without a 29th" : day === 30 ? "February" : "A month with fewer than 31 days";
  return `${which} runs on its last day.`;
}

/** Minutes as a person says them: 1440 is "24 hours", 90 is "90 minutes". */
export const minutesInWords = (minutes: number): string =>
  minutes % 60 === 0 && minutes > 0 ? formatCount(minutes / 60, "hour") : formatCount(minutes, "minute");

const urgency: Record<Health, number> = { FAILING: 0, MISSED: 1, WAITING: 2, GOOD: 2, PAUSED: 3 };

/** What needs somebody first, then by the next due time, then by name. */
export const inTroubleFirst = <T extends Pick<ScheduleRowFragment, "health" | "nextRunAt" | "name" | "pausedReason">>(
  list: readonly T[],
): T[] => {
  const rank = (schedule: T) => (schedule.pausedReason ? 0 : urgency[schedule.health]);
  return list.toSorted(
    (a, b) => rank(a) - rank(b) || (a.nextRunAt ?? "9").localeCompare(b.nextRunAt ?? "9") || a.name.localeCompare(b.name),
  );
};

/** Whether every word typed stands somewhere in the schedule's name, source or sentence. */
export function matches(schedule: Whole & Pick<ScheduleRowFragment, "name">, typed: string): boolean {
  const text = `${schedule.name} ${scheduleSentence(schedule)}`.toLowerCase();
  return typed
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

type Planned = Pick<ScheduleRowFragment, "id" | "name" | "kind" | "active" | "nextRunAt"> & { readonly source: { readonly id: string } };

/** The next backup of a source by itself, as words for its line: "Next backup at 03:00 tomorrow", or why there is none. */
export function nextBackup(
  schedules: readonly Planned[],
  sourceId: string,
  now: Date,
  timeZone?: string,
): { readonly words: string; readonly at: string | null; readonly scheduleId: string | null; readonly name: string | null } {
  const of = schedules.filter(({ kind, source }) => kind === "BACKUP" && source.id === sourceId);
  const [next] = of
    .filter(({ active, nextRunAt }) => active && nextRunAt !== null)
    .toSorted((a, b) => (a.nextRunAt ?? "").localeCompare(b.nextRunAt ?? ""));
  if (next?.nextRunAt) {
    const at = new Date(next.nextRunAt);
    const words = at <= now ? "The next backup is due now," : `Next backup at ${momentName(at, now, timeZone)}`;
    return { words, at: next.nextRunAt, scheduleId: next.id, name: next.name };
  }
  const paused = of.find(({ active }) => !active);
  if (paused)
    return { words: "Its schedule is paused, so nothing backs it up by itself.", at: null, scheduleId: paused.id, name: paused.name };
  return { words: "Nothing backs it up by itself yet.", at: null, scheduleId: null, name: null };
}
