import { describe, expect, it } from "vitest";
import { checkRecurrence, type RecurrenceRequest } from "../../../server/domain/schedule/check-recurrence.ts";
import { checkRules, type RulesRequest } from "../../../server/domain/schedule/check-rules.ts";
import { healthOf, type Outcome } from "../../../server/domain/schedule/health.ts";
import { quietUntil } from "../../../server/domain/schedule/quiet-hours.ts";
import { zoneNames } from "../../../server/domain/schedule/zones.ts";

const daily = { frequency: "DAILY", timeOfDay: "03:00" } as const;
const badInput = expect.objectContaining({ code: "BAD_USER_INPUT" });

describe("what a schedule's times may be", () => {
  it.each([
    { timeZone: "Mars/Phobos" },
    { timeZone: "+25:00" },
    { timeZone: "+01:00" },
    { timeZone: "" },
    { timeZone: " " },
    { timeZone: "Europe/Berlin\n" },
    { timeZone: "../../etc/localtime" },
    { timeZone: "A".repeat(100_000) },
  ])("a zone that is none is unknown: %.60j", (wrong) => {
    expect(() => checkRecurrence({ ...daily, ...wrong })).toThrow(
      expect.objectContaining({ code: "BAD_USER_INPUT", reason: "TIMEZONE_UNKNOWN", hint: expect.stringContaining("Europe/Berlin") }),
    );
  });

  it("are in any zone that this machine knows, by its older names too, and in UTC where none is given", () => {
    for (const timeZone of zoneNames()) expect(checkRecurrence({ ...daily, timeZone }).timeZone).toBe(timeZone);
    for (const timeZone of ["US/Eastern", "Asia/Calcutta", "Europe/Kiev", "GMT", "Etc/GMT+5", "CET"])
      expect(checkRecurrence({ ...daily, timeZone }).timeZone).toBe(timeZone);
    expect(checkRecurrence({ ...daily, timeZone: "europe/berlin" }).timeZone).toBe("Europe/Berlin");
    expect(checkRecurrence(daily).timeZone).toBe("UTC");
    expect(checkRecurrence({ ...daily, timeZone: null }).timeZone).toBe("UTC");
  });

  it.each<RecurrenceRequest>([
    { frequency: "DAILY" },
    { frequency: "DAILY", timeOfDay: "24:00" },
    { frequency: "DAILY", timeOfDay: "3:00" },
    { frequency: "DAILY", timeOfDay: "03:60" },
    { frequency: "DAILY", timeOfDay: "03:00:00" },
    { frequency: "DAILY", timeOfDay: "03:00\n" },
    { frequency: "WEEKLY", timeOfDay: "03:00" },
    { frequency: "WEEKLY", timeOfDay: "03:00", dayOfWeek: 7 },
    { frequency: "WEEKLY", timeOfDay: "03:00", dayOfWeek: -1 },
    { frequency: "WEEKLY", dayOfWeek: 1 },
    { frequency: "MONTHLY", timeOfDay: "03:00" },
    { frequency: "MONTHLY", timeOfDay: "03:00", dayOfMonth: 0 },
    { frequency: "MONTHLY", timeOfDay: "03:00", dayOfMonth: 32 },
    { frequency: "MONTHLY", timeOfDay: "03:00", dayOfMonth: 1.5 },
    { frequency: "CRON" },
    { frequency: "CRON", timeOfDay: "03:00", cron: "@daily" },
  ])("%j is refused", (request) => {
    expect(() => checkRecurrence(request)).toThrow(badInput);
  });

  it("keep only what their frequency has a use for", () => {
    const all = { timeOfDay: "03:00", dayOfWeek: 9, dayOfMonth: 99, cron: "nonsense" };
    expect(checkRecurrence({ ...all, frequency: "DAILY" })).toEqual({
      ...{ frequency: "DAILY", timeZone: "UTC", timeOfDay: "03:00", dayOfWeek: null, dayOfMonth: null, cron: null },
    });
    expect(checkRecurrence({ ...all, frequency: "CRON", cron: "0 3 * * *", timeOfDay: "99:00" })).toMatchObject({
      ...{ cron: "0 3 * * *", timeOfDay: null, dayOfWeek: null },
    });
  });
});

describe("a schedule's rules", () => {
  const recurrence = checkRecurrence(daily);
  const often = (cron: string) => checkRecurrence({ frequency: "CRON", cron });
  it("have their defaults", () => {
    expect(checkRules({}, recurrence)).toEqual({
      ...{ missedRuns: "RUN_ONCE", graceMinutes: 1440, overlap: "WAIT", jitterSeconds: 0, quietHours: null, retries: 2 },
    });
  });

  it.each<RulesRequest>([
    { graceMinutes: -1 },
    { graceMinutes: 10_081 },
    { graceMinutes: Number.NaN },
    { jitterSeconds: -1 },
    { jitterSeconds: 3601 },
    { jitterSeconds: 0.5 },
    { retries: -1 },
    { retries: 11 },
    { quietHours: { from: "22:00", to: "22:00" } },
    { quietHours: { from: "24:00", to: "06:00" } },
    { quietHours: { from: "22:00", to: "6:00" } },
  ])("%j is refused", (rules) => {
    expect(() => checkRules(rules, recurrence)).toThrow(badInput);
  });

  it("spread a run by less than the time to the next", () => {
    expect(checkRules({ jitterSeconds: 3600, graceMinutes: 0, retries: 0 }, recurrence)).toMatchObject({ jitterSeconds: 3600 });
    expect(checkRules({ jitterSeconds: 59 }, often("* * * * *"))).toMatchObject({ jitterSeconds: 59 });
    for (const [cron, jitterSeconds] of [
      ["* * * * *", 60],
      ["*/15 * * * *", 900],
      ["0,59 3-4 1 1 *", 60],
      ["58 23 * * *", 86_400],
    ] as const)
      expect(() => checkRules({ jitterSeconds }, often(cron)), cron).toThrow(badInput);
  });
});

describe("quiet hours", () => {
  it.each([
    ["22:00", "06:00", "2026-11-22T20:59:59Z", null],
    ["22:00", "06:00", "2026-11-22T21:00:00Z", "2026-11-23T05:00:00.000Z"],
    ["22:00", "06:00", "2026-11-23T03:00:00Z", "2026-11-23T05:00:00.000Z"],
    ["22:00", "06:00", "2026-11-23T05:00:00Z", null],
    ["08:00", "18:00", "2026-11-23T07:00:00Z", "2026-11-23T17:00:00.000Z"],
    ["08:00", "18:00", "2026-11-23T17:00:00Z", null],
    // The end falls into the hour that is left out, and into the one that comes twice.
    ["22:00", "02:30", "2027-03-28T00:59:59Z", "2027-03-28T01:00:00.000Z"],
    ["22:00", "02:30", "2027-10-31T00:15:00Z", "2027-10-31T00:30:00.000Z"],
    ["22:00", "02:30", "2027-10-31T01:15:00Z", null],
  ])("from %s to %s in Berlin at %s end at %s", (from, to, at, end) => {
    expect(quietUntil({ from, to }, "Europe/Berlin", new Date(at))?.toISOString() ?? null).toBe(end);
  });
});

describe("a schedule's health", () => {
  const now = new Date("2026-11-23T03:00:00Z");
  it.each<[boolean, string | null, Outcome | null, string]>([
    [false, null, "FAILED", "PAUSED"],
    [true, "2026-11-24T03:00:00Z", null, "WAITING"],
    [true, "2026-11-24T03:00:00Z", "COMPLETED", "GOOD"],
    [true, "2026-11-24T03:00:00Z", "FAILED", "FAILING"],
    [true, "2026-11-24T03:00:00Z", "RETRYING", "FAILING"],
    [true, "2026-11-24T03:00:00Z", "MISSED", "MISSED"],
    [true, "2026-11-23T02:51:00Z", "COMPLETED", "GOOD"],
    [true, "2026-11-23T02:49:00Z", "COMPLETED", "MISSED"],
    [true, null, "COMPLETED", "GOOD"],
  ])("active %s, next %s, last %s: %s", (active, next, outcome, health) => {
    expect(healthOf({ active, nextRunAt: next ? new Date(next) : null }, outcome, now)).toBe(health);
  });
});
