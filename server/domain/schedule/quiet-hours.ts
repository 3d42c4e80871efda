import type { QuietHours } from "../schedule.ts";
import { minutesOf } from "./calendar.ts";
import { instantOf, wallOf } from "./zones.ts";

const minute = 60_000;
const day = 24 * 60 * minute;

/** When the quiet hours that this instant falls into end; null outside of them. The end itself is not quiet any more. */
export function quietUntil({ from, to }: QuietHours, timeZone: string, at: Date): Date | null {
  const wall = wallOf(at.getTime(), timeZone);
  const midnight = Math.floor(wall / day) * day;
  const [begin, end, now] = [minutesOf(from) * minute, minutesOf(to) * minute, wall - midnight];
  const overMidnight = end < begin;
  if (overMidnight ? now >= end && now < begin : now < begin || now >= end) return null;
  const until = instantOf(midnight + end + (overMidnight && now >= begin ? day : 0), timeZone);
  // Where the clock is put back, the hours that come again are quiet no more once their end has been.
  return until > at.getTime() ? new Date(until) : null;
}
