import { describe, expect, it } from "vitest";
import {
  clockChange,
  dueWords,
  inTroubleFirst,
  matches,
  nextBackup,
  ordinal,
  scheduleSentence,
  shortMonths,
} from "../../client/lib/schedule-words.ts";

const now = new Date("2026-11-22T09:00:00Z");
const shop = { id: "s", name: "Shop" };

describe("a due time", () => {
  it("is told where the schedule lives, and here where the clock shows another hour", () => {
    const at = new Date("2026-11-23T02:00:00Z");
    expect(dueWords(at, now, "Europe/Berlin", "Europe/Berlin")).toEqual({ there: "03:00 tomorrow", here: null });
    expect(dueWords(at, now, "Europe/Berlin", "Europe/London")).toEqual({ there: "03:00 tomorrow", here: "02:00" });
    // 02:00 in Universal Time is still the evening before in New York: then the day is told too.
    expect(dueWords(at, now, "Europe/Berlin", "America/New_York")).toEqual({ there: "03:00 tomorrow", here: "21:00 today" });
  });

  it("says when the clocks are changed over it", () => {
    expect(clockChange(new Date("2027-03-28T01:00:00Z"), "02:30", "Europe/Berlin")).toMatch(/02:30 does not exist that day/);
    expect(clockChange(new Date("2027-10-31T00:30:00Z"), "02:30", "Europe/Berlin")).toMatch(/comes twice that day: it runs the first time/);
    expect(clockChange(new Date("2027-03-29T00:30:00Z"), "02:30", "Europe/Berlin")).toBeNull();
  });
});

describe("a schedule", () => {
  const described = { description: "Every day at 03:00 (Europe/Berlin)", source: shop, targetSource: null, backupType: "FULL" } as const;
  const nightly = { ...described, id: "n", name: "Nightly", kind: "BACKUP", active: true, nextRunAt: "2026-11-23T02:00:00Z" } as const;

  it("is one sentence of what and when", () => {
    expect(scheduleSentence(nightly)).toBe("Backs up everything of Shop, every day at 03:00 (Europe/Berlin).");
    expect(scheduleSentence({ ...nightly, kind: "VERIFICATION", level: "CHECKSUM" })).toMatch(
      /^Reads back the newest good backup of Shop, /,
    );
    expect(scheduleSentence({ ...nightly, kind: "RESTORE", backupType: "DATABASE", targetSource: { id: "t", name: "Staging" } })).toMatch(
      /^Restores the database of the newest good backup of Shop into Staging, /,
    );
  });

  it("is found by words of its name, its source and its times", () => {
    expect(matches(nightly, "shop 03:00")).toBe(true);
    expect(matches(nightly, "shop noon")).toBe(false);
    expect(matches(nightly, "")).toBe(true);
  });

  it("in trouble stands first, one that Holdfast paused among them; then the next due one", () => {
    const of = (
      name: string,
      health: "GOOD" | "FAILING" | "MISSED" | "PAUSED",
      nextRunAt: string | null,
      pausedReason: string | null = null,
    ) => ({
      ...{ name, health, nextRunAt, pausedReason },
    });
    const list = [
      of("later", "GOOD", "2026-11-24T02:00:00Z"),
      of("paused", "PAUSED", null),
      of("soon", "GOOD", "2026-11-23T02:00:00Z"),
      of("missed", "MISSED", "2026-11-23T02:00:00Z"),
      of("held", "PAUSED", null, "The time zone is not known."),
      of("failing", "FAILING", "2026-11-23T02:00:00Z"),
    ];
    expect(inTroubleFirst(list).map(({ name }) => name)).toEqual(["failing", "held", "missed", "soon", "later", "paused"]);
  });

  it("says when its source is backed up next, or why by nothing", () => {
    expect(nextBackup([nightly], "s", now, "UTC").words).toBe("Next backup at 02:00 tomorrow");
    expect(nextBackup([{ ...nightly, active: false }], "s", now).words).toMatch(/paused/);
    expect(nextBackup([{ ...nightly, kind: "VERIFICATION" }], "s", now)).toMatchObject({ at: null, scheduleId: null });
    expect(nextBackup([nightly], "another", now).words).toBe("Nothing backs it up by itself yet.");
  });
});

it("days of the month are said as people say them, and what short months do", () => {
  expect([1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 31].map(ordinal)).toEqual([
    "1st",
    "2nd",
    "3rd",
    "4th",
    "11th",
    "12th",
    "13th",
    "21st",
    "22nd",
    "23rd",
    "31st",
  ]);
  expect([28, 29, 30, 31].map((day) => shortMonths(day) === null)).toEqual([true, false, false, false]);
});
