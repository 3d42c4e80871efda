import { shortDate } from "./time.ts";

/** One day of a chart; a value is null where nothing is known. */
export interface Point {
  readonly day: string;
  readonly values: Readonly<Record<string, number | null>>;
}
export interface Series {
  readonly key: string;
  readonly label: string;
  /** A colour of the tokens. */
  readonly color: string;
}

const midday = (day: string) => new Date(`${day}T12:00:00Z`);

/** "2026-11-20" as "20 Nov", with the year when it is another one. */
export const dayLabel = (day: string, now: Date): string => shortDate(midday(day), now, "UTC");

/** The day `distance` days after `day`. */
export function dayAfter(day: string, distance: number): string {
  return new Date(midday(day).getTime() + distance * 86_400_000).toISOString().slice(0, 10);
}

/** At most `most` of the days, evenly apart, the newest among them: what the axis names. */
export function ticksOf(days: readonly string[], most: number): string[] {
  const step = Math.max(1, Math.ceil(days.length / most));
  return days.filter((_, index) => (days.length - 1 - index) % step === 0);
}

/** Where the bytes go from `last` if they go on growing as they did: as many days ahead as a third of the range has, at least three. */
export function projection(last: Point, key: string, growthPerDay: number, days: number): Point[] {
  const from = last.values[key] ?? 0;
  const ahead = Math.max(3, Math.round(days / 3));
  return Array.from({ length: ahead + 1 }, (_, distance) => ({
    day: dayAfter(last.day, distance),
    values: { [key]: Math.max(0, from + growthPerDay * distance) },
  }));
}
