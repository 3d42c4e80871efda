import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fullAt, growthPerDay } from "../../server/domain/growth.ts";

const now = new Date("2026-11-22T12:00:00.000Z");

describe("growth", () => {
  it("is the slope of a storage that grows evenly, over any number of days", () => {
    fc.assert(
      fc.property(fc.integer({ min: 7, max: 900 }), fc.integer({ min: -1000, max: 1000 }), (days, slope) => {
        const totals = Array.from({ length: days }, (_, day) => 10_000_000 + day * slope);
        expect(growthPerDay(totals)).toBeCloseTo(slope, 6);
      }),
      { numRuns: 30 },
    );
  });

  it("is bent neither by one huge backup nor by the days before the first", () => {
    const totals = Array.from({ length: 30 }, (_, day) => 1000 + day * 100 + (day === 12 ? 1e9 : 0));
    expect(growthPerDay(totals)).toBeCloseTo(100, -1);
    expect(growthPerDay([...Array(200).fill(0), ...totals])).toBeCloseTo(100, -1);
  });

  it("is unknown with less than a week, and says when the disk is full only where it grows", () => {
    expect(growthPerDay([0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6])).toBeNull();
    expect(growthPerDay([])).toBeNull();
    expect(fullAt(now, 1000, 100)).toEqual(new Date("2026-12-02T12:00:00.000Z"));
    expect([fullAt(now, 1000, -1), fullAt(now, 1000, 0), fullAt(now, null, 100), fullAt(now, 1e15, 1)]).toEqual([null, null, null, null]);
  });
});
