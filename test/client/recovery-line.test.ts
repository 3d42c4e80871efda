import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  daysAhead,
  daysShownAhead,
  describePoint,
  firstSpan,
  type LinePlan,
  type LinePoint,
  layoutDots,
  layoutMarks,
  layoutTicks,
} from "../../client/lib/recovery-line.ts";

const now = new Date("2026-11-22T09:00:00Z");
const hoursAgo = (hours: number) => new Date(now.getTime() - hours * 3_600_000).toISOString();
const point = (id: string, hours: number, change: Partial<LinePoint> = {}): LinePoint => ({
  id,
  name: id,
  status: "COMPLETED",
  type: "FULL",
  pinned: false,
  createdAt: hoursAgo(hours),
  startedAt: hoursAgo(hours),
  storedSize: 1000,
  durationSeconds: 41,
  error: null,
  provenAt: null,
  lastVerification: null,
  ...change,
});
const span = { now, days: 14, width: 1400 };

describe("dots", () => {
  it("stand in order of time, older to the left, and outside the span not at all", () => {
    const dots = layoutDots([point("new", 1), point("gone", 24 * 15), point("old", 24 * 7)], span);
    expect(dots.map(({ id }) => id)).toEqual(["old", "new"]);
    expect(dots[0]?.x).toBeCloseTo(700);
  });

  it("have a shape for each outcome", () => {
    const outcomes = [
      point("a", 90),
      point("b", 80, { pinned: true }),
      point("c", 70, { status: "FAILED", pinned: true }),
      point("d", 60, { status: "CANCELLED" }),
      point("e", 50, { status: "RUNNING" }),
    ];
    expect(layoutDots(outcomes, span).map(({ shape }) => shape)).toEqual(["ring", "diamond", "cross", "slash", "running"]);
  });

  it("grow with their size", () => {
    const [small, large] = layoutDots([point("small", 50, { storedSize: 10 }), point("large", 10)], span);
    expect(large?.radius).toBeGreaterThan(small?.radius ?? 0);
  });

  it("do not cover each other in a lane while a lane is free", () => {
    const few = fc.uniqueArray(fc.integer({ min: 0, max: 330 }), { maxLength: 12 });
    fc.assert(
      fc.property(few, (hours) => {
        const dots = layoutDots(
          hours.map((hour) => point(`at ${hour}`, hour)),
          { ...span, width: 3000 },
        );
        return dots.every((one) =>
          dots.every((other) => one === other || one.lane !== other.lane || Math.abs(one.x - other.x) >= one.radius),
        );
      }),
    );
  });
});

describe("times without a backup", () => {
  const missed = (hours: number, change: Partial<LinePlan["runs"][number]> = {}): LinePlan["runs"][number] => ({
    ...{ id: `missed ${hours}`, dueAt: hoursAgo(hours), state: "SKIPPED", reason: "MISSED", message: null, dueCount: 1, ...change },
  });
  const plan = (change: Partial<LinePlan>): LinePlan => ({ id: "s", name: "Nightly", active: true, nextRuns: [], runs: [], ...change });

  it("are hollow where one was missed, with its reason, and nothing for one that was skipped otherwise", () => {
    const runs = [missed(50), missed(40, { reason: "OVERLAP" }), missed(30, { dueCount: 4, message: "Holdfast was down." })];
    const marks = layoutMarks([plan({ runs })], [], span);
    expect(marks.map(({ shape, words }) => [shape, words[0], words[2]])).toEqual([
      ["missed", "Missed: Nightly", "Holdfast was not running when it was due"],
      ["missed", "Missed, with 3 other due times: Nightly", "Holdfast was down."],
    ]);
  });

  it("are ghosts beyond now while the schedule is active, as far as the line reaches", () => {
    const nextRuns = [-1, -24, -24 * (daysAhead(14) + 1)].map(hoursAgo);
    const marks = layoutMarks([plan({ nextRuns })], [], span);
    expect(marks.map(({ shape }) => shape)).toEqual(["waiting", "waiting"]);
    expect(Math.min(...marks.map(({ x }) => x))).toBeGreaterThan(span.width);
    expect(layoutMarks([plan({ nextRuns, active: false })], [], span)).toEqual([]);
    expect(daysShownAhead([plan({ nextRuns })], 14, now)).toBe(daysAhead(14));
    expect(daysShownAhead([plan({ nextRuns: [hoursAgo(-20)] })], 1, now)).toBe(0);
  });

  it("step over a dot and do not pile up on each other", () => {
    const dots = layoutDots([point("dot", 50)], span);
    const marks = layoutMarks([plan({ runs: [missed(50), missed(50.2, { id: "beside" })] })], dots, span);
    expect(marks.map(({ lane }) => lane)).toEqual([1]);
  });
});

it("ticks are midnights whose labels have room", () => {
  for (const width of [200, 358, 1100]) {
    const ticks = layoutTicks({ now, days: 90, width });
    const gaps = ticks.slice(1).map((tick, index) => tick.x - (ticks[index]?.x ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThan(50);
    expect(new Set(ticks.map(({ label }) => label)).size).toBe(ticks.length);
  }
});

it("ticks are whole hours on a line of one day", () => {
  for (const width of [200, 358, 1100]) {
    const ticks = layoutTicks({ now, days: 1, width });
    const gaps = ticks.slice(1).map((tick, index) => tick.x - (ticks[index]?.x ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThan(50);
    for (const { x, label } of ticks) {
      expect(label).toMatch(/^\d\d:00$/);
      expect(new Date(now.getTime() - ((width - x) / width) * 86_400_000).getHours()).toBe(Number.parseInt(label, 10));
    }
  }
});

it("begins with one day while every source is younger", () => {
  const made = (hours: number) => ({ createdAt: hoursAgo(hours) });
  expect(firstSpan([made(1), made(23)], now)).toBe(1);
  expect(firstSpan([made(1), made(25)], now)).toBe(14);
});

it("tells a screen reader what hover tells", () => {
  const failed = point("x", 30, {
    status: "FAILED",
    storedSize: null,
    error: { code: "DUMP_FAILED", message: "The dump broke off", hint: null },
  });
  expect(describePoint(failed, now)).toMatch(/^Full backup, failed; .* 30 hours ago; took 41 s; The dump broke off$/);
  expect(describePoint(point("y", 6, { pinned: true }), now)).toContain("stored and pinned");
});
