import { describe, expect, it } from "vitest";
import { ageInWords, momentName, relativeTime, roughDuration } from "../../client/lib/time.ts";

const now = new Date("2026-11-22T09:00:00Z");

it.each([
  [-600, "in 10 minutes"],
  [-5, "just now"],
  [0, "just now"],
  [44, "just now"],
  [46, "1 minute ago"],
  [3569, "59 minutes ago"],
  [3571, "1 hour ago"],
  [35 * 3600, "35 hours ago"],
  [37 * 3600, "2 days ago"],
  [70 * 86_400, "2 months ago"],
  [800 * 86_400, "2 years ago"],
])("%d seconds back is said as %s", (seconds, said) => {
  expect(relativeTime(new Date(now.getTime() - seconds * 1000), now)).toBe(said);
});

describe("a moment inside a sentence", () => {
  it.each([
    ["2026-11-22T03:00:00Z", "UTC", "03:00 today"],
    ["2026-11-21T22:10:00Z", "UTC", "22:10 yesterday"],
    ["2026-11-21T23:30:00Z", "Europe/Berlin", "00:30 today"],
    ["2026-11-18T03:00:00Z", "UTC", "03:00 on Wed 18 Nov"],
    ["2025-12-30T03:00:00Z", "UTC", "30 Dec 2025"],
  ])("%s in %s is %s", (at, zone, said) => {
    expect(momentName(new Date(at), now, zone)).toContain(said);
  });

  it("knows yesterday over a change of clocks", () => {
    const morning = new Date("2026-03-29T06:00:00Z");
    expect(momentName(new Date("2026-03-28T03:00:00Z"), morning, "Europe/Berlin")).toBe("04:00 yesterday");
  });
});

it.each([
  [3, "a few seconds", "3 seconds"],
  [44, "about 40 seconds", "44 seconds"],
  [70, "about a minute", "1 minute"],
  [240, "about 4 minutes", "4 minutes"],
  [3600, "about an hour", "1 hour"],
  [7300, "about 2 hours", "2 hours"],
])("%d seconds is %s as an estimate", (seconds, rough, age) => {
  expect([roughDuration(seconds), ageInWords(seconds)]).toEqual([rough, age]);
});
