import type { Recurrence } from "../schedule.ts";
import { cronWords } from "./cron-words.ts";
import { weekdayNames } from "./day-words.ts";

/** When a recurrence is due, for a person: "Every Sunday at 03:00 (Europe/Berlin)". */
export const describeRecurrence = (recurrence: Recurrence): string => `${words(recurrence)} (${recurrence.timeZone})`;

function words({ frequency, timeOfDay, dayOfWeek, dayOfMonth, cron }: Recurrence): string {
  switch (frequency) {
    case "DAILY":
      return `Every day at ${timeOfDay}`;
    case "WEEKLY":
      return `Every ${weekdayNames[dayOfWeek ?? 0]} at ${timeOfDay}`;
    case "MONTHLY":
      if (dayOfMonth === 31) return `On the last day of each month at ${timeOfDay}`;
      return `On day ${dayOfMonth} of each month${(dayOfMonth ?? 1) > 28 ? ", or its last day," : ""} at ${timeOfDay}`;
    case "CRON":
      return cronWords(cron ?? "");
    default:
      throw frequency satisfies never;
  }
}
