import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dueBetween, dueNext, nextDue } from "../../../server/domain/schedule/due-times.ts";
import type { Recurrence } from "../../../server/domain/schedule.ts";
import { firstAt, type Stretch, stretchesOf } from "../../support/local-time.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const [from, to] = [Date.UTC(2025, 0, 15), Date.UTC(2028, 0, 15)];
const zones = ["UTC", ...Intl.supportedValuesOf("timeZone")];
const years = new Map(zones.map((zone) => [zone, stretchesOf(zone, from, to)]));
/** Years in which clocks did what they seldom do: days left out, gaps at midnight, half hours, odd minutes. */
const oddYears: readonly (readonly [string, number])[] = [
  ["Pacific/Apia", 2010],
  ["Pacific/Kwajalein", 1992],
  ["America/Sao_Paulo", 2016],
  ["Asia/Beirut", 2022],
  ["Africa/Cairo", 2023],
  ["Africa/Casablanca", 2017],
  ["Antarctica/Troll", 2020],
  ["Australia/Lord_Howe", 2008],
  ["Asia/Pyongyang", 2015],
  ["Asia/Kathmandu", 1985],
  ["America/St_Johns", 2006],
  ["America/Caracas", 2015],
  ["Africa/Juba", 2020],
];

/** The local days on which a recurrence is due, told from the day alone. */
type Days = (date: Date) => boolean;
const everyDay: Days = () => true;
const lastDayOfMonth = (date: Date) => new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();

interface Case {
  readonly recurrence: Recurrence;
  readonly days: Days;
  readonly minutes: readonly number[];
}
const none = { timeOfDay: null, dayOfWeek: null, dayOfMonth: null, cron: null, timeZone: "UTC" };
const text = (minutes: number) => new Date(minutes * minute).toISOString().slice(11, 16);
const daily = (at: number): Case => ({
  recurrence: { ...none, frequency: "DAILY", timeOfDay: text(at) },
  days: everyDay,
  minutes: [at],
});
const weekly = (dayOfWeek: number, at: number): Case => ({
  recurrence: { ...none, frequency: "WEEKLY", dayOfWeek, timeOfDay: text(at) },
  days: (date) => date.getUTCDay() === dayOfWeek,
  minutes: [at],
});
const monthly = (dayOfMonth: number, at: number): Case => ({
  recurrence: { ...none, frequency: "MONTHLY", dayOfMonth, timeOfDay: text(at) },
  days: (date) => date.getUTCDate() === Math.min(dayOfMonth, lastDayOfMonth(date)),
  minutes: [at],
});
const cron = (expression: string, days: Days, minutes: readonly number[]): Case => ({
  recurrence: { ...none, frequency: "CRON", cron: expression },
  days,
  minutes,
});
const crons = [
  cron("30 2 * * *", everyDay, [150]),
  cron(
    "*/15 * * * *",
    everyDay,
    Array.from({ length: 96 }, (_, index) => index * 15),
  ),
  cron("0 0 31 * *", (date) => date.getUTCDate() === 31, [0]),
  cron("5,35 0-3,23 * * 0,6", (date) => date.getUTCDay() % 6 === 0, [5, 35, 65, 95, 125, 155, 185, 215, 1385, 1415]),
  cron("0 3 13 * fri", (date) => date.getUTCDate() === 13 || date.getUTCDay() === 5, [180]),
  cron("0 0 */2 * mon", (date) => date.getUTCDate() % 2 === 1 && date.getUTCDay() === 1, [0]),
  cron("59 23 29 feb *", (date) => date.getUTCMonth() === 1 && date.getUTCDate() === 29, [1439]),
];

/** What is due after one instant and up to another, from the tests' own account of the zone. */
function expected(stretches: readonly Stretch[], { days, minutes }: Case, after: number, until: number): number[] {
  const walls: number[] = [];
  for (let date = Math.floor(after / day) * day - 2 * day; date < until + 2 * day; date += day)
    if (days(new Date(date))) walls.push(...minutes.map((at) => date + at * minute));
  const instants = walls.map((wall) => firstAt(stretches, wall)).filter((instant) => instant > after && instant <= until);
  return [...new Set(instants)].sort((a, b) => a - b);
}

const due = ({ recurrence }: Case, timeZone: string, after: number, until: number) =>
  dueBetween({ ...recurrence, timeZone }, new Date(after), new Date(until), 100_000).map(Number);

/** At each clock change of the stretches: local times before, in and after its gap or overlap. */
function casesAt(before: Stretch, after: Stretch): Case[] {
  const [one, other] = [before, after].map(({ offset }) => Math.floor((((after.from + offset) % day) + day) / minute) % 1440);
  const touched = [one ?? 0, other ?? 0, ((one ?? 0) + (other ?? 0)) >> 1, (one ?? 0) - 1, (other ?? 0) + 1, 0, 150];
  return [...new Set(touched.map((each) => (each + 1440) % 1440))].map(daily);
}

describe("due times", () => {
  it("hold at every clock change of every zone within three years: never twice, never left out", () => {
    let changes = 0;
    for (const [zone, stretches] of years)
      for (const [index, stretch] of stretches.entries()) {
        const before = stretches[index - 1];
        if (!before) continue;
        changes += 1;
        const [after, until] = [stretch.from - 0.6 * day, stretch.from + 0.6 * day];
        for (const each of [...casesAt(before, stretch), weekly(0, 150), monthly(31, 30), ...crons.slice(0, 4)])
          expect(due(each, zone, after, until), `${zone} ${JSON.stringify(each.recurrence)}`).toEqual(
            expected(stretches, each, after, until),
          );
      }
    expect(changes).toBeGreaterThan(500);
  });

  it("hold in every zone from month to month for three years", () => {
    for (const [zone, stretches] of years)
      for (const each of [monthly(31, 0)])
        expect(due(each, zone, from + day, to - 3 * day), zone).toEqual(expected(stretches, each, from + day, to - 3 * day));
  });

  it.each(oddYears)("hold in the odd years of %s from %i", (zone, year) => {
    const [begin, end] = [Date.UTC(year, 0), Date.UTC(year + 3, 0)];
    const stretches = stretchesOf(zone, begin, end);
    expect(stretches.length).toBeGreaterThan(1);
    for (const [index, stretch] of stretches.entries()) {
      const before = stretches[index - 1];
      if (!before) continue;
      const [after, until] = [stretch.from - 3 * day, stretch.from + 3 * day];
      for (const each of [...casesAt(before, stretch), weekly(new Date(stretch.from).getUTCDay(), 0), monthly(31, 1439), ...crons])
        expect(due(each, zone, after, until), JSON.stringify(each.recurrence)).toEqual(expected(stretches, each, after, until));
    }
  });

  it("hold for any recurrence, in any zone, after any instant", () => {
    const atMinute = fc.integer({ min: 0, max: 1439 });
    const any = fc.oneof(
      atMinute.map(daily),
      fc.tuple(fc.integer({ min: 0, max: 6 }), atMinute).map(([dayOfWeek, at]) => weekly(dayOfWeek, at)),
      fc.tuple(fc.integer({ min: 1, max: 31 }), atMinute).map(([dayOfMonth, at]) => monthly(dayOfMonth, at)),
      fc.constantFrom(...crons.slice(0, 6)),
    );
    const instant = fc.integer({ min: from + 4 * day, max: to - 200 * day });
    fc.assert(
      fc.property(any, fc.constantFrom(...zones), instant, (each, zone, after) => {
        const found = dueNext({ ...each.recurrence, timeZone: zone }, new Date(after), 3).map(Number);
        expect(found).toEqual(expected(years.get(zone) ?? [], each, after, after + 190 * day).slice(0, 3));
      }),
      { seed: 20261123, numRuns: 300 },
    );
  });

  it("hold in whatever order they are asked for, also where clocks changed years ago", () => {
    const [begin, end] = [Date.UTC(2005, 0), Date.UTC(2025, 0)];
    for (const zone of ["America/Caracas", "Asia/Pyongyang", "Pacific/Apia", "Africa/Juba", "Asia/Kathmandu"]) {
      const stretches = stretchesOf(zone, begin, end);
      const after = fc.oneof(
        fc.integer({ min: begin + 5 * day, max: end - 5 * day }),
        fc
          .tuple(fc.constantFrom(...stretches), fc.integer({ min: -day, max: day }))
          .map(([stretch, beside]) => Math.min(Math.max(stretch.from + beside, begin + 5 * day), end - 5 * day)),
      );
      fc.assert(
        fc.property(after, fc.integer({ min: 0, max: 1439 }), (instant, at) => {
          const found = dueNext({ ...daily(at).recurrence, timeZone: zone }, new Date(instant), 2).map(Number);
          expect(found).toEqual(expected(stretches, daily(at), instant, instant + 4 * day).slice(0, 2));
        }),
        { seed: 20261123, numRuns: 200 },
      );
    }
  });

  it("are due at the first instant after a gap, and once where they exist twice", () => {
    const berlin = { ...daily(150).recurrence, timeZone: "Europe/Berlin" };
    expect(nextDue(berlin, new Date("2027-03-27T12:00:00Z"))?.toISOString()).toBe("2027-03-28T01:00:00.000Z");
    expect(nextDue(berlin, new Date("2027-10-30T12:00:00Z"))?.toISOString()).toBe("2027-10-31T00:30:00.000Z");
    expect(nextDue(berlin, new Date("2027-10-31T00:30:00Z"))?.toISOString()).toBe("2027-11-01T01:30:00.000Z");
  });

  it("come after the instant that is given, to the millisecond, and none where there are none", () => {
    const utc = daily(180).recurrence;
    const at = (text: string) => nextDue(utc, new Date(text))?.toISOString();
    expect(at("2026-11-23T02:59:59.999Z")).toBe("2026-11-23T03:00:00.000Z");
    expect(at("2026-11-23T03:00:00.000Z")).toBe("2026-11-24T03:00:00.000Z");
    expect(at("2026-11-23T03:00:00.001Z")).toBe("2026-11-24T03:00:00.000Z");
    expect(dueBetween(utc, new Date("2026-11-23T03:00:00Z"), new Date("2026-11-25T03:00:00Z"), 10)).toHaveLength(2);
    expect(dueBetween(utc, new Date("2026-11-23T03:00:00Z"), new Date("2026-11-23T03:00:00Z"), 10)).toEqual([]);
    expect(dueBetween(utc, new Date("2026-11-23T03:00:00Z"), new Date("2036-11-23T03:00:00Z"), 3)).toHaveLength(3);
    expect(dueBetween(utc, new Date("2026-11-23T03:00:00Z"), new Date("2036-11-23T03:00:00Z"), 0)).toEqual([]);
  });

  it("of three days of each minute are all there, and of a leap day once in eight years", () => {
    const minutely = { ...none, frequency: "CRON", cron: "* * * * *" } as const;
    const found = dueBetween(minutely, new Date("2026-11-20T03:00:00Z"), new Date("2026-11-23T03:00:00Z"), 100_000);
    expect(found).toHaveLength(3 * 24 * 60);
    expect(found.at(-1)?.toISOString()).toBe("2026-11-23T03:00:00.000Z");
    const leap = { ...none, frequency: "CRON", cron: "59 23 29 2 *" } as const;
    expect(nextDue(leap, new Date("2096-03-01T00:00:00Z"))?.toISOString()).toBe("2104-02-29T23:59:00.000Z");
  });
});
