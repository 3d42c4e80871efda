import { describe, expect, it } from "vitest";
import { type ClockNote, clockAfter, pauseOf, resumed } from "../../server/domain/clock.ts";

const start = Date.parse("2026-11-22T03:00:00Z");
const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const at = (milliseconds: number) => new Date(start + milliseconds);
const trusted: ClockNote = { seenAt: at(0).toISOString(), pausedAt: null, reason: null, trustedUntil: null };
/** A minute later by the clock that nobody sets, the wall shows this. */
const shows = (milliseconds: number, before = trusted) => clockAfter(before, at(milliseconds), start + minute, null);

describe("the clock", () => {
  it.each([
    ["a minute later", minute, null],
    ["corrected by a few minutes back", minute - 4 * minute, null],
    ["corrected by half an hour ahead", 30 * minute, null],
    ["an hour back", minute - hour, "The clock of this machine went back by 60 minutes."],
    ["a day ahead", minute + day, "The clock of this machine jumped ahead by 24 hours."],
    ["1970", -start, "The clock of this machine went back by 20779 days."],
    ["2100", Date.parse("2100-01-01T00:00:00Z") - start, "The clock of this machine jumped ahead by 26703 days."],
  ])("while Holdfast runs: %s", (_, milliseconds, reason) => {
    expect(shows(milliseconds).reason).toBe(reason);
  });

  it.each([
    ["a night's pause", 20 * hour, null],
    ["three days", 3 * day, "The clock of this machine is 3 days later than when Holdfast last ran."],
    ["an hour back", -hour, "The clock of this machine went back by 60 minutes."],
  ])("at a start after %s", (_, milliseconds, reason) => {
    expect(clockAfter(trusted, at(milliseconds), null, null).reason).toBe(reason);
  });

  it("is trusted at the very first start", () => {
    expect(pauseOf(clockAfter(null, at(0), null, null))).toBeNull();
  });

  it("is trusted again after a day without a jump, and not a minute sooner", () => {
    let note = shows(minute + 2 * hour);
    for (let since = 0; since < day; since += minute) {
      expect(pauseOf(note)).toMatch(/jumped ahead by 2 hours.*until the clock has been steady for 24 hours/);
      const next = 2 * hour + 2 * minute + since;
      note = clockAfter(note, at(next), start + next, null);
    }
    expect(pauseOf(note)).toBeNull();
  });

  it("is not trusted for another day when it jumps back to where it was", () => {
    const jumped = shows(minute + 2 * day);
    const back = clockAfter(jumped, at(2 * minute), start + 2 * day + 2 * minute, null);
    expect(back).toMatchObject({ pausedAt: at(2 * minute).toISOString(), reason: "The clock of this machine went back by 48 hours." });
  });

  it("is not trusted while a backup lies in the future, unless an administrator says so, of that one", () => {
    const look = (before: ClockNote, backup: number) => clockAfter(before, at(minute), start + minute, at(backup));
    expect(look(trusted, 3 * minute).reason).toBeNull();
    const paused = look(trusted, 5 * hour);
    expect(paused.reason).toBe("A backup lies 5 hours in the future.");
    const accepted = resumed(paused, at(5 * hour));
    expect(pauseOf(accepted)).toBeNull();
    expect(look(accepted, 5 * hour).reason).toBeNull();
    expect(look(accepted, 6 * hour).reason).toBe("A backup lies 6 hours in the future.");
  });
});
