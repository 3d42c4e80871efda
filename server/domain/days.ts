import { clockChanges, instantOf, wallOf } from "./schedule/zones.ts";

/** Calendar days of one zone, the last of them today. */
export interface LocalDays {
  /** Each as YYYY-MM-DD, in order. */
  readonly names: readonly string[];
  /** The number that the catalog's `to_days` gives the first of them. */
  readonly firstNumber: number;
  /** The first instant of the first day. */
  readonly since: Date;
  /** What is added to UTC for the zone's own time, up to each change of its clocks; the last one stays. */
  readonly offsets: readonly { readonly until: Date | null; readonly seconds: number }[];
}

const day = 86_400_000;
/** `to_days('1970-01-01')`. */
const epochDay = 719_528;

/** The last `count` days in `zone`, today included. */
export function lastDays(zone: string, now: Date, count: number): LocalDays {
  const today = Math.floor(wallOf(now.getTime(), zone) / day) * day;
  const first = today - (count - 1) * day;
  const since = instantOf(first, zone);
  const changes = clockChanges(zone, since, now.getTime() + day);
  const last = changes.at(-1)?.after ?? wallOf(since, zone) - since;
  return {
    names: Array.from({ length: count }, (_, index) => new Date(first + index * day).toISOString().slice(0, 10)),
    firstNumber: first / day + epochDay,
    since: new Date(since),
    offsets: [...changes.map(({ at, before }) => ({ until: new Date(at), seconds: before / 1000 })), { until: null, seconds: last / 1000 }],
  };
}

/** Which of the days a number of `to_days` is; what a clock change puts just outside belongs to the nearest. */
export const dayIndex = (days: LocalDays, number: number): number =>
  Math.min(Math.max(number - days.firstNumber, 0), days.names.length - 1);
