import { describe, expect, it } from "vitest";
import { clockNotes } from "../../../server/domain/schedule/clock-notes.ts";
import { describeRecurrence } from "../../../server/domain/schedule/sentence.ts";
import type { Recurrence } from "../../../server/domain/schedule.ts";

const none = { timeOfDay: null, dayOfWeek: null, dayOfMonth: null, cron: null, timeZone: "Europe/Berlin" };
const daily = (timeOfDay: string, timeZone = "Europe/Berlin"): Recurrence => ({ ...none, frequency: "DAILY", timeOfDay, timeZone });
const cron = (expression: string, timeZone = "Europe/Berlin"): Recurrence => ({ ...none, frequency: "CRON", cron: expression, timeZone });
const now = new Date("2026-11-23T03:00:00Z");

describe("a schedule in a sentence", () => {
  it.each([
    [daily("03:00"), "Every day at 03:00"],
    [{ ...none, frequency: "WEEKLY", dayOfWeek: 0, timeOfDay: "03:00" }, "Every Sunday at 03:00"],
    [{ ...none, frequency: "MONTHLY", dayOfMonth: 1, timeOfDay: "02:30" }, "On day 1 of each month at 02:30"],
    [{ ...none, frequency: "MONTHLY", dayOfMonth: 30, timeOfDay: "02:30" }, "On day 30 of each month, or its last day, at 02:30"],
    [{ ...none, frequency: "MONTHLY", dayOfMonth: 31, timeOfDay: "02:30" }, "On the last day of each month at 02:30"],
    [cron("* * * * *"), "Every minute"],
    [cron("*/15 * * * *"), "Every 15 minutes"],
    [cron("0,30 * * * *"), "Every 30 minutes"],
    [cron("0 * * * *"), "Every hour, on the hour"],
    [cron("1 * * * *"), "Every hour, 1 minute past the hour"],
    [cron("20 */4 * * *"), "Every 4 hours, 20 minutes past the hour"],
    [cron("30 2 * * *"), "Every day at 02:30"],
    [cron("0 2,14 * * *"), "Every day at 02:00 and 14:00"],
    [cron("0 */12 * * *"), "Every day at 00:00 and 12:00"],
    [cron("0 3 * * 1-5"), "From Monday to Friday at 03:00"],
    [cron("0 3 * * 7"), "Every Sunday at 03:00"],
    [cron("0 3 * * sun,wed,mon"), "On Monday, Wednesday and Sunday at 03:00"],
    [cron("0 3 1,15 * *"), "On days 1 and 15 of each month at 03:00"],
    [cron("0 3 31 * *"), "On day 31 of each month that has it at 03:00"],
    [cron("0 0 1 1,7 *"), "Every year on 1 January and 1 July at 00:00"],
    [cron("*/7 * * * *"), "By the cron expression `*/7 * * * *`"],
    [cron("5,50 * * * *"), "By the cron expression `5,50 * * * *`"],
    [cron("0 3 13 * 5"), "By the cron expression `0 3 13 * 5`"],
    [cron("*/15 9-17 * * 1-5"), "By the cron expression `*/15 9-17 * * 1-5`"],
    [cron("*/15 * * 1-6 *"), "By the cron expression `*/15 * * 1-6 *`"],
    [cron("0 3 */2 * 1"), "By the cron expression `0 3 */2 * 1`"],
  ] as const)("%j", (recurrence, sentence) => {
    expect(describeRecurrence(recurrence)).toBe(`${sentence} (Europe/Berlin)`);
  });
});

describe("what clock changes do to a schedule", () => {
  it.each([
    [daily("03:00"), []],
    [
      daily("02:30"),
      [
        "On 28 March 2027 this time does not exist: it runs at 03:00 then.",
        "On 31 October 2027 this time comes twice: it runs the first time.",
      ],
    ],
    [daily("02:30", "UTC"), []],
    [daily("02:30", "America/New_York"), ["On 14 March 2027 this time does not exist: it runs at 03:00 then."]],
    [
      daily("02:15", "Australia/Lord_Howe"),
      ["On 4 October 2026 this time does not exist: it runs at 02:30 then."],
      new Date("2026-09-01T00:00:00Z"),
    ],
    [daily("00:00", "Africa/Cairo"), ["On 30 April 2027 this time does not exist: it runs at 01:00 then."]],
    [
      daily("12:00", "Pacific/Apia"),
      ["On 30 December 2011 this time does not exist: it runs at 00:00 on 31 December 2011."],
      new Date("2011-12-01T00:00:00Z"),
    ],
    [{ ...none, frequency: "WEEKLY", dayOfWeek: 3, timeOfDay: "02:30" }, []],
    [{ ...none, frequency: "WEEKLY", dayOfWeek: 0, timeOfDay: "02:00" }, 2],
    [
      { ...none, frequency: "MONTHLY", dayOfMonth: 31, timeOfDay: "02:30" },
      ["On 31 October 2027 this time comes twice: it runs the first time."],
    ],
    [
      cron("30 2,14 * * *"),
      ["On 28 March 2027 02:30 does not exist: it runs at 03:00 then.", "On 31 October 2027 02:30 comes twice: it runs the first time."],
    ],
    [
      cron("*/15 * * * *"),
      [
        "On 28 March 2027 02:00 to 02:45 do not exist: it runs once, at 03:00 then.",
        "On 31 October 2027 02:00 to 02:45 come twice: it runs the first time.",
      ],
    ],
  ] as const)("%j", (recurrence, notes, at: Date = now) => {
    const found = clockNotes(recurrence, at);
    if (typeof notes === "number") expect(found).toHaveLength(notes);
    else expect(found.filter((note) => recurrence.timeZone === "Europe/Berlin" || note.includes("not exist"))).toEqual(notes);
  });
});
