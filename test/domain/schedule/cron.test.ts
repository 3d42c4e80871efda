import { Cron } from "croner";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Failure } from "../../../server/domain/errors.ts";
import { checkedCron } from "../../../server/domain/schedule/cron.ts";
import { dueNext } from "../../../server/domain/schedule/due-times.ts";

const reasonOf = (expression: string): string => {
  try {
    checkedCron(expression);
    return "accepted";
  } catch (error) {
    if (error instanceof Failure && error.code === "BAD_USER_INPUT" && error.hint) return error.reason ?? "no reason";
    throw error;
  }
};

describe("a cron expression", () => {
  it.each([
    ["", "CRON_INVALID"],
    ["   ", "CRON_INVALID"],
    ["61 * * * *", "CRON_INVALID"],
    ["* 24 * * *", "CRON_INVALID"],
    ["* * 0 * *", "CRON_INVALID"],
    ["* * 32 * *", "CRON_INVALID"],
    ["* * * 13 *", "CRON_INVALID"],
    ["* * * * 8", "CRON_INVALID"],
    ["@reboot", "CRON_INVALID"],
    ["@daily", "CRON_INVALID"],
    ["@every 3 minutes", "CRON_INVALID"],
    ["3 minutes", "CRON_INVALID"],
    ["* * * *", "CRON_INVALID"],
    ["* * * * * *", "TOO_FREQUENT"],
    ["*/5 0 3 * * *", "TOO_FREQUENT"],
    ["99 0 3 * * *", "CRON_INVALID"],
    ["0 0 3 * * * 2027", "CRON_INVALID"],
    ["0 0 31 2 *", "CRON_NEVER"],
    ["0 0 31 4,6,9,11 *", "CRON_NEVER"],
    ["0 0 30 2 */2", "CRON_NEVER"],
    ["0 0 L * *", "CRON_INVALID"],
    ["0 0 15W * *", "CRON_INVALID"],
    ["0 0 * * 5#2", "CRON_INVALID"],
    ["0 0 ? * *", "CRON_INVALID"],
    ["5/15 * * * *", "CRON_INVALID"],
    ["*/0 * * * *", "CRON_INVALID"],
    ["0 22-6 * * *", "CRON_INVALID"],
    ["0,,5 * * * *", "CRON_INVALID"],
    ["-5 * * * *", "CRON_INVALID"],
    ["1.5 * * * *", "CRON_INVALID"],
    ["0 3\n* * *", "CRON_INVALID"],
    ["0 3 * * *\0", "CRON_INVALID"],
    ["٣ * * * *", "CRON_INVALID"],
    ["* ".repeat(50_000), "CRON_INVALID"],
    ["0,".repeat(99), "CRON_INVALID"],
  ])("%.40j is refused", (expression, reason) => {
    expect(reasonOf(expression)).toBe(reason);
  });

  it("of 100 KB is refused by its length alone", () => {
    expect(() => checkedCron("0,".repeat(50_000))).toThrow("at most 200 characters");
  });

  it.each([
    ["0 0 29 2 *", "2028-02-29T00:00:00.000Z"],
    ["  30\t2  * * 1-5 ", "2026-11-24T02:30:00.000Z"],
    ["0 3 * jan-mar SUN", "2027-01-03T03:00:00.000Z"],
    ["0 3 * * 7", "2026-11-29T03:00:00.000Z"],
    ["0 3 * * 5-7", "2026-11-27T03:00:00.000Z"],
    ["*/7 4 * * *", "2026-11-23T04:00:00.000Z"],
    ["10-20/5,50 23 1 1,7 *", "2027-01-01T23:10:00.000Z"],
  ])("%j is due next at %s", (cron, next) => {
    const recurrence = { frequency: "CRON", cron, timeZone: "UTC", timeOfDay: null, dayOfWeek: null, dayOfMonth: null } as const;
    expect(dueNext(recurrence, new Date("2026-11-23T03:00:00Z"), 1)[0]?.toISOString()).toBe(next);
  });

  it("is kept with single spaces, as it was written", () => {
    expect(checkedCron(" 0\t 3 *  * Mon ")).toBe("0 3 * * Mon");
  });

  it("is due when croner says so, whatever its fields", () => {
    const value = (min: number, max: number) => {
      const number = fc.integer({ min, max });
      const range = fc.tuple(number, number).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
      const step = fc.integer({ min: 1, max: max - min });
      const item = fc.oneof(
        number.map(String),
        range,
        fc.tuple(range, step).map(([r, s]) => `${r}/${s}`),
        step.map((s) => `*/${s}`),
      );
      return fc.oneof(
        { weight: 2, arbitrary: fc.constant("*") },
        fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => items.join()),
      );
    };
    const expression = fc.tuple(value(0, 59), value(0, 23), value(1, 31), value(1, 12), value(0, 7)).map((words) => words.join(" "));
    const start = new Date("2026-11-23T03:00:00Z");
    fc.assert(
      fc.property(expression, (cron) => {
        const reason = reasonOf(cron);
        const [, , dayOfMonth = "", , dayOfWeek = ""] = cron.split(" ");
        const domAndDow = dayOfMonth.startsWith("*") || dayOfWeek.startsWith("*");
        const wanted = new Cron(cron, { paused: true, mode: "5-part", timezone: "UTC", domAndDow }).nextRuns(5, start);
        expect(reason).toBe(wanted.length === 0 ? "CRON_NEVER" : "accepted");
        const recurrence = { frequency: "CRON", cron, timeZone: "UTC", timeOfDay: null, dayOfWeek: null, dayOfMonth: null } as const;
        if (reason === "accepted") expect(dueNext(recurrence, start, 5)).toEqual(wanted);
      }),
      { seed: 20261123, numRuns: 300 },
    );
  });

  it("is accepted or refused with a reason and a hint, whatever is written, and nothing that is accepted is strange to croner", () => {
    const piece = fc.constantFrom(..."0123456789*/-,LW#?@ \t\nabcJANmonSUN+.:".split(""), "*/", "1-5", "61", "mon", "@daily", "  ");
    const text = fc.oneof(
      fc.string({ maxLength: 60 }),
      fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join("")),
      fc
        .array(fc.array(piece, { minLength: 1, maxLength: 4 }), { minLength: 4, maxLength: 7 })
        .map((words) => words.map((word) => word.join("")).join(" ")),
    );
    fc.assert(
      fc.property(text, (expression) => {
        const reason = reasonOf(expression);
        expect(["accepted", "CRON_INVALID", "CRON_NEVER", "TOO_FREQUENT"]).toContain(reason);
        if (reason === "accepted") new Cron(checkedCron(expression), { paused: true, mode: "5-part" });
      }),
      { seed: 20261123, numRuns: 3000 },
    );
  });
});
