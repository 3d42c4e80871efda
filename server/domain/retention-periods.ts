import type { Retention } from "./retention.ts";

/** The limits that keep one backup for each of the last days, weeks, months or years. */
export type Period = Extract<keyof Retention, "keepDaily" | "keepWeekly" | "keepMonthly" | "keepYearly">;

/** Names the period that an instant lies in, in a time zone: two instants of one ISO week have one name, and so on. */
export function createPeriods(timeZone: string): (instant: Date) => Readonly<Record<Period, string>> {
  // The one locale whose numeric dates are year-month-day; a formatter costs more than all of its dates.
  const dates = new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });
  return (instant) => {
    const day = dates.format(instant);
    return { keepDaily: day, keepWeekly: isoWeek(day), keepMonthly: day.slice(0, -3), keepYearly: day.slice(0, -6) };
  };
}

const millisecondsOfDay = 86_400_000;

/** The Thursday of the day's week: weeks begin on Monday, and belong to the year that has their Thursday. */
function isoWeek(day: string): string {
  const at = new Date(`${day}T00:00:00Z`);
  const sinceMonday = (at.getUTCDay() + 6) % 7;
  return new Date(at.getTime() + (3 - sinceMonday) * millisecondsOfDay).toISOString().slice(0, 10);
}
