import { formatCount } from "../../shared/format.ts";
import type { ScheduleRowFragment } from "../graphql/generated.ts";
import { bare, continued } from "./text.ts";
import { clockTime, momentName } from "./time.ts";

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

type Health = ScheduleRowFragment["health"];
export const healthWord: Record<Health, string> = {
  GOOD: "Good",
  WAITING: "No run yet",
  FAILING: "Failing",
  MISSED: "Missed",
  PAUSED: "Paused",
};

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
