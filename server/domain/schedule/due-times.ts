import type { Recurrence } from "../schedule.ts";
import { calendarOf, wallsAfter } from "./calendar.ts";
import { instantOf, wallOf } from "./zones.ts";

/** The first due time after this instant; null where there is none. */
export function nextDue(recurrence: Recurrence, after: Date): Date | null {
  for (const due of dueTimes(recurrence, after)) return due;
  return null;
}

/** The due times after `after` and up to `until`, the first `most` of them. */
export function dueBetween(recurrence: Recurrence, after: Date, until: Date, most: number): Date[] {
  const found: Date[] = [];
  if (most > 0)
    for (const due of dueTimes(recurrence, after)) {
      if (due > until) break;
      found.push(due);
      if (found.length === most) break;
    }
  return found;
}

/** The next `count` due times after this instant. */
export const dueNext = (recurrence: Recurrence, after: Date, count: number): Date[] =>
  dueBetween(recurrence, after, new Date(8.64e15), count);

/**
 * The due times after this instant, in order and each once. A local time that does not exist, because the clock is put
 * forward over it, is due at the first instant after the gap, where several fall into one; a local time that exists twice,
 * because the clock is put back, is due the first time.
 */
function* dueTimes(recurrence: Recurrence, after: Date): Generator<Date, void> {
  const { timeZone } = recurrence;
  let last = after.getTime();
  // A local time that clocks have shown by then has been due by then, so only later ones come into question.
  for (const wall of wallsAfter(calendarOf(recurrence), wallOf(last, timeZone))) {
    const instant = instantOf(wall, timeZone);
    if (instant <= last) continue;
    last = instant;
    yield new Date(instant);
  }
}
