import { Temporal } from "temporal-polyfill";
import { Failure } from "../errors.ts";

/** Local time without its zone, as the milliseconds that it would be in UTC. */
export type Wall = number;

/** A clock that is put forward (a gap) or back (an overlap), from one offset to the next, in milliseconds. */
export interface ClockChange {
  readonly at: number;
  readonly before: number;
  readonly after: number;
}

const longest = 64;

/** The zones that this machine knows, by name. */
export const zoneNames = (): readonly string[] => [...new Set(["UTC", ...Intl.supportedValuesOf("timeZone")])].sort();

/** Whether this machine knows the zone. An offset such as +01:00 is none: it knows no summer. */
export function isZone(name: string): boolean {
  if (name.length > longest || !/^[A-Za-z]/.test(name)) return false;
  try {
    at(0, name);
    return true;
  } catch {
    return false;
  }
}

/** The zone's name as it is kept; TIMEZONE_UNKNOWN where there is none. Older names, such as US/Eastern, stay as they are. */
export function checkedZone(name: string): string {
  const known = zoneNames().find((each) => each.toLowerCase() === name.toLowerCase());
  if (known !== undefined || isZone(name)) return known ?? name;
  throw unknownZone(name);
}

const unknownZone = (name: string, options: ErrorOptions = {}) =>
  new Failure(
    "BAD_USER_INPUT",
    `There is no time zone ${JSON.stringify(name.slice(0, longest))}.`,
    "Name it by its place, such as Europe/Berlin, or UTC.",
    { ...options, reason: "TIMEZONE_UNKNOWN" },
  );

/** TIMEZONE_UNKNOWN also where the zone was known when it was stored. */
function at(instant: number, zone: string): Temporal.ZonedDateTime {
  const moment = Temporal.Instant.fromEpochMilliseconds(instant);
  try {
    return moment.toZonedDateTimeISO(zone);
  } catch (cause) {
    throw unknownZone(zone, { cause });
  }
}

const offsetOf = (zoned: Temporal.ZonedDateTime) => zoned.offsetNanoseconds / 1e6;

/** What the zone's clocks show at this instant. */
export const wallOf = (instant: number, zone: string): Wall => instant + spanAt(instant, zone).offset;

/** The first instant at which the zone's clocks show `wall`, or, where they leap over it, the first after that gap. */
export function instantOf(wall: Wall, zone: string): number {
  const known = spans.get(zone)?.find((span) => wall >= span.firstWall && wall - span.offset < span.to);
  if (known) return wall - known.offset;
  // With the offset before a gap, a time inside it comes out after it.
  const zoned = at(wall, "UTC").toPlainDateTime().toZonedDateTime(zone, { disambiguation: "compatible" });
  const instant = zoned.epochMilliseconds;
  const span = spanAt(instant, zone);
  return instant + span.offset === wall ? instant : span.from;
}

/** A stretch of time without a clock change, or a part of one. */
interface Span {
  readonly from: number;
  readonly to: number;
  readonly offset: number;
  /** The first local time of it that clocks have not shown before. */
  readonly firstWall: Wall;
}

/** The spans that were asked for: finding one takes a hundred times as long as using it. They follow from the zone alone. */
const spans = new Map<string, Span[]>();
const mostSpans = 32;
const day = 24 * 3_600_000;
const farthest = 400 * day;
/** More than any clock change ever was. */
const farthestShift = 2 * day;

function spanAt(instant: number, zone: string): Span {
  const known = spans.get(zone) ?? [];
  const found = known.find(({ from, to }) => instant >= from && instant < to);
  if (found) return found;
  const last = clockChanges(zone, instant - farthest, instant).at(-1);
  const next = clockChanges(zone, instant, instant + farthest, 1)[0];
  // Where it does not begin with a change, it stays clear of what one before it may have done to local times.
  const from = last?.at ?? instant - farthest + farthestShift;
  const offset = last?.after ?? next?.before ?? offsetOf(at(instant, zone));
  const shownBefore = last ? Math.max(0, last.before - last.after) : 0;
  const span = { from, to: next?.at ?? instant + farthest, offset, firstWall: from + offset + shownBefore };
  spans.set(zone, [...known.slice(-mostSpans), span]);
  return span;
}

/** The zone's clock changes after `from` and up to `until`, in order, the first `most` of them. */
export function clockChanges(zone: string, from: number, until: number, most = Number.POSITIVE_INFINITY): ClockChange[] {
  const changes: ClockChange[] = [];
  for (let next = at(from, zone).getTimeZoneTransition("next"); next; next = next.getTimeZoneTransition("next")) {
    const instant = next.epochMilliseconds;
    if (instant > until || changes.length === most) break;
    changes.push({ at: instant, before: offsetOf(at(instant - 1, zone)), after: offsetOf(next) });
  }
  return changes;
}
