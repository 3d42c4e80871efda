import type { Recurrence } from "../schedule.ts";
import { calendarOf, wallsAfter } from "./calendar.ts";
import { monthNames } from "./day-words.ts";
import { type ClockChange, clockChanges, type Wall, wallOf } from "./zones.ts";

const year = 366 * 24 * 3_600_000;

/** What the clock changes of the next year do to a recurrence, a sentence for each that touches one of its times. */
export function clockNotes(recurrence: Recurrence, from: Date): string[] {
  const changes = clockChanges(recurrence.timeZone, from.getTime(), from.getTime() + year);
  return changes.flatMap((change) => noteOf(recurrence, change) ?? []);
}

function noteOf(recurrence: Recurrence, { at, before, after }: ClockChange): string | null {
  const [begin, end] = [at + Math.min(before, after), at + Math.max(before, after)];
  const touched: Wall[] = [];
  for (const wall of wallsAfter(calendarOf(recurrence), begin - 1)) {
    if (wall >= end) break;
    touched.push(wall);
  }
  const [first, last] = [touched[0], touched.at(-1)];
  if (first === undefined || last === undefined) return null;
  const what =
    touched.length === 1 ? (recurrence.frequency === "CRON" ? timeOf(first) : "this time") : `${timeOf(first)} to ${timeOf(last)}`;
  const verb = touched.length === 1 ? (after > before ? "does" : "comes") : after > before ? "do" : "come";
  if (after < before) return `On ${dateOf(first)} ${what} ${verb} twice: it runs the first time.`;
  const then = wallOf(at, recurrence.timeZone);
  const day = dateOf(then) === dateOf(first) ? "then" : `on ${dateOf(then)}`;
  return `On ${dateOf(first)} ${what} ${verb} not exist: it runs ${touched.length > 1 ? "once, " : ""}at ${timeOf(then)} ${day}.`;
}

const timeOf = (wall: Wall) => new Date(wall).toISOString().slice(11, 16);

function dateOf(wall: Wall): string {
  const date = new Date(wall);
  return `${date.getUTCDate()} ${monthNames[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
}
