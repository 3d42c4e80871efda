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
export const wallOf = (instant: number, zone: string): Wall => instant + offsetOf(at(instant, zone));

/** The first instant at which the zone's clocks show `wall`, or, where they leap over it, the first after that gap. */
export function instantOf(wall: Wall, zone: string): number {
  // With the offset before a gap, a time inside it comes out after it.
  const zoned = at(wall, "UTC").toPlainDateTime().toZonedDateTime(zone, { disambiguation: "compatible" });
  const instant = zoned.epochMilliseconds;
  if (instant + offsetOf(zoned) === wall) return instant;
  return at(instant + 1, zone).getTimeZoneTransition("previous")?.epochMilliseconds ?? instant;
}

/** The zone's clock changes after `from` and up to `until`, in order. */
export function clockChanges(zone: string, from: number, until: number): ClockChange[] {
  const changes: ClockChange[] = [];
  for (let next = at(from, zone).getTimeZoneTransition("next"); next; next = next.getTimeZoneTransition("next")) {
    const instant = next.epochMilliseconds;
    if (instant > until) break;
    changes.push({ at: instant, before: offsetOf(at(instant - 1, zone)), after: offsetOf(next) });
  }
  return changes;
}
