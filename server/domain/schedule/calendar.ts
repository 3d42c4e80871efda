import type { Recurrence } from "../schedule.ts";
import { readCron } from "./cron.ts";
import type { Wall } from "./zones.ts";

/** When a recurrence is due by its own local time, which knows no clock changes: at these minutes of these days. */
export interface Calendar {
  /** The first of its days on or after this one, as midnights; null when there is none. */
  dayFrom(day: Wall): Wall | null;
  /** Minutes after midnight, in order. */
  readonly minutes: readonly number[];
}

const minute = 60_000;
const day = 24 * 60 * minute;

/** The calendar of a recurrence that was checked before it was stored. */
export function calendarOf(recurrence: Recurrence): Calendar {
  const minutes = [minutesOf(recurrence.timeOfDay ?? "00:00")];
  switch (recurrence.frequency) {
    case "DAILY":
      return { minutes, dayFrom: (from) => from };
    case "WEEKLY":
      return { minutes, dayFrom: (from) => from + ((7 + (recurrence.dayOfWeek ?? 0) - new Date(from).getUTCDay()) % 7) * day };
    case "MONTHLY":
      return { minutes, dayFrom: (from) => dayOfMonthFrom(from, recurrence.dayOfMonth ?? 1) };
    case "CRON": {
      const cron = readCron(recurrence.cron ?? "");
      return { minutes: cron.hours.flatMap((hour) => cron.minutes.map((each) => hour * 60 + each)), dayFrom: cron.dayFrom };
    }
    default:
      throw recurrence.frequency satisfies never;
  }
}

/** Its local times after this one, in order, without end where there is none. */
export function* wallsAfter({ dayFrom, minutes }: Calendar, after: Wall): Generator<Wall> {
  for (let date = dayFrom(after - modulo(after, day)); date !== null; date = dayFrom(date + day))
    for (const each of minutes) if (date + each * minute > after) yield date + each * minute;
}

/** HH:MM as minutes after midnight. */
export const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));

/** In a month without that day, its last one. */
function dayOfMonthFrom(from: Wall, dayOfMonth: number): Wall {
  const date = new Date(from);
  const inMonth = (month: number) =>
    Math.min(Date.UTC(date.getUTCFullYear(), month, dayOfMonth), Date.UTC(date.getUTCFullYear(), month + 1, 0));
  const candidate = inMonth(date.getUTCMonth());
  return candidate >= from ? candidate : inMonth(date.getUTCMonth() + 1);
}

const modulo = (value: number, divisor: number) => ((value % divisor) + divisor) % divisor;
