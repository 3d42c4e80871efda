import type { MissedRunPolicy, OverlapPolicy } from "../../../shared/enums.ts";
import { limits } from "../../../shared/limits.ts";
import { badInput } from "../errors.ts";
import type { QuietHours, Recurrence, ScheduleDefinition } from "../schedule.ts";
import { calendarOf, wallsAfter } from "./calendar.ts";
import { checkedTime, checkedWhole } from "./check-recurrence.ts";

/** By which rules a schedule starts its runs, as a client describes them. */
export interface RulesRequest {
  readonly missedRuns?: MissedRunPolicy | null;
  readonly graceMinutes?: number | null;
  readonly overlap?: OverlapPolicy | null;
  readonly jitterSeconds?: number | null;
  readonly quietHours?: QuietHours | null;
  readonly retries?: number | null;
}
type Rules = Pick<ScheduleDefinition, keyof RulesRequest>;

/** The rules with their defaults; refuses with BAD_USER_INPUT what is out of bounds, or wider than the time between two runs. */
export function checkRules(request: RulesRequest, recurrence: Recurrence): Rules {
  const jitterSeconds = checkedWhole(request.jitterSeconds ?? 0, "jitterSeconds", 0, limits.jitterSeconds);
  const interval = shortestInterval(recurrence);
  if (jitterSeconds * 1000 >= interval)
    throw badInput(
      `\`jitterSeconds\` has to be shorter than the ${interval / 1000} seconds between two runs, or one would overtake the next.`,
      "Choose a smaller one.",
    );
  return {
    missedRuns: request.missedRuns ?? "RUN_ONCE",
    graceMinutes: checkedWhole(request.graceMinutes ?? 1440, "graceMinutes", 0, limits.graceMinutes),
    overlap: request.overlap ?? "WAIT",
    jitterSeconds,
    quietHours: request.quietHours ? checkedQuietHours(request.quietHours) : null,
    retries: checkedWhole(request.retries ?? 2, "retries", 0, limits.retries),
  };
}

function checkedQuietHours({ from, to }: QuietHours): QuietHours {
  const quiet = { from: checkedTime(from, "quietHours.from"), to: checkedTime(to, "quietHours.to") };
  if (from === to)
    throw badInput("Quiet hours that end when they begin would be none, or all day.", "Choose another end, or leave them out.");
  return quiet;
}

const sampled = 200;

/** The shortest time between two of its due times that follow each other, of those of two days, in milliseconds. */
function shortestInterval(recurrence: Recurrence): number {
  let [shortest, last, first] = [Number.POSITIVE_INFINITY, Number.NaN, Number.NaN];
  let count = 0;
  for (const wall of wallsAfter(calendarOf(recurrence), Date.UTC(2026, 0))) {
    if (Number.isNaN(first)) first = wall;
    if (wall - last < shortest) shortest = wall - last;
    last = wall;
    count += 1;
    if (count === sampled || wall - first > 2 * 24 * 3_600_000) break;
  }
  return shortest;
}
