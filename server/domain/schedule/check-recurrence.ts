import type { ScheduleFrequency } from "../../../shared/enums.ts";
import { badInput } from "../errors.ts";
import type { Recurrence } from "../schedule.ts";
import { checkedCron } from "./cron.ts";
import { checkedZone } from "./zones.ts";

/** A recurrence as a client describes it. */
export interface RecurrenceRequest {
  readonly frequency: ScheduleFrequency;
  readonly timeOfDay?: string | null;
  readonly dayOfWeek?: number | null;
  readonly dayOfMonth?: number | null;
  readonly cron?: string | null;
  readonly timeZone?: string | null;
}

/** Refuses with BAD_USER_INPUT what is never due or makes no sense. What the frequency has no use for is left out. */
export function checkRecurrence(request: RecurrenceRequest): Recurrence {
  const { frequency } = request;
  const timeZone = checkedZone(request.timeZone ?? "UTC");
  const none = { timeOfDay: null, dayOfWeek: null, dayOfMonth: null, cron: null };
  switch (frequency) {
    case "DAILY":
      return { ...none, frequency, timeZone, timeOfDay: checkedTime(request.timeOfDay, "timeOfDay") };
    case "WEEKLY":
      return {
        ...{ ...none, frequency, timeZone, timeOfDay: checkedTime(request.timeOfDay, "timeOfDay") },
        dayOfWeek: checkedWhole(request.dayOfWeek, "dayOfWeek", 0, 6, "0 is Sunday, 6 is Saturday."),
      };
    case "MONTHLY":
      return {
        ...{ ...none, frequency, timeZone, timeOfDay: checkedTime(request.timeOfDay, "timeOfDay") },
        dayOfMonth: checkedWhole(request.dayOfMonth, "dayOfMonth", 1, 31, "31 is the last day of every month."),
      };
    case "CRON":
      return { ...none, frequency, timeZone, cron: checkedCron(request.cron ?? "") };
    default:
      throw frequency satisfies never;
  }
}

/** HH:MM from 00:00 to 23:59. */
export function checkedTime(time: string | null | undefined, field: string): string {
  if (time === null || time === undefined || !/^([01][0-9]|2[0-3]):[0-5][0-9]$/.test(time))
    throw badInput(`\`${field}\` is a time of day from 00:00 to 23:59.`, "Write it with two digits each, such as 03:00.");
  return time;
}

/** A whole number within these bounds. */
export function checkedWhole(value: number | null | undefined, field: string, min: number, max: number, hint?: string): number {
  if (value === null || value === undefined || !Number.isInteger(value) || value < min || value > max)
    throw badInput(`\`${field}\` is a whole number from ${min} to ${max}.`, hint);
  return value;
}
