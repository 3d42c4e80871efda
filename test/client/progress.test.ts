import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { progressFacts, sparkline, spokenProgress, wholePercent } from "../../client/lib/progress.ts";
import { cutMiddle, sentence } from "../../client/lib/text.ts";

const report = {
  phase: "DATABASE",
  bytesProcessed: 312_000_000,
  bytesExpected: 1_118_000_000,
  bytesPerSecond: 62_000_000,
  etaSeconds: 13.2,
  currentItem: "order_items",
} as const;

describe("what is said beside the bar", () => {
  it("gives amount, rate, rest and table", () => {
    expect(progressFacts(report)).toEqual({
      amount: "312 MB of about 1.12 GB",
      rate: "62.0 MB/s",
      remaining: "about 13 s left",
      item: "table order_items",
    });
  });

  it("claims neither a total nor a rest that it does not know", () => {
    expect(progressFacts({ ...report, bytesExpected: null })).toMatchObject({ amount: "312 MB", remaining: null });
  });

  it("drops an expectation that was passed", () => {
    expect(progressFacts({ ...report, bytesExpected: 300_000_000 })).toMatchObject({ amount: "312 MB", remaining: null });
  });

  it("names a file as it is", () => {
    expect(progressFacts({ ...report, phase: "MEDIA", currentItem: "2026/a.jpg" }).item).toBe("2026/a.jpg");
  });
});

it("says 100 percent of nothing that is not completed", () => {
  fc.assert(fc.property(fc.double({ min: 0, max: 99.999, noNaN: true }), (percent) => wholePercent(percent) < 100));
  expect([wholePercent(100), wholePercent(-1), wholePercent(99.99)]).toEqual([100, 0, 99]);
});

it("speaks to a screen reader once in ten percent", () => {
  const said = new Set(Array.from({ length: 100 }, (_, percent) => spokenProgress("database", percent)));
  expect(said.size).toBe(10);
  expect(spokenProgress("preparing", null)).toBe("preparing");
});

it("draws the newest rate at the right and keeps inside its box", () => {
  const points = sparkline([0, 50, 100], 100, 20).split(" ");
  expect(points).toEqual(["0.0,19.0", "50.0,10.0", "100.0,1.0"]);
});

describe("long names", () => {
  it("are cut in the middle, never inside a character as it is seen", () => {
    expect(cutMiddle("before-the-great-migration.sql", 15)).toBe("before-th…n.sql");
    expect([...new Intl.Segmenter().segment(cutMiddle("👩‍👩‍👧‍👦".repeat(20), 9))]).toHaveLength(9);
  });

  it("stay as they are when they fit", () => {
    fc.assert(fc.property(fc.string({ maxLength: 20 }), (name) => cutMiddle(name, 20) === name));
  });
});

it("ends a sentence once", () => {
  expect([sentence("It broke"), sentence("It broke."), sentence("Did it?")]).toEqual(["It broke.", "It broke.", "Did it?"]);
});
