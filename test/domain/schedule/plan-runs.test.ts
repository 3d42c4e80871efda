import { describe, expect, it } from "vitest";
import { newId, type ScheduleId } from "../../../server/domain/ids.ts";
import { jitterOf, planRuns, type RunRules } from "../../../server/domain/schedule/plan-runs.ts";
import { retryAt } from "../../../server/domain/schedule/retry.ts";

const now = new Date("2026-11-22T03:00:20.000Z");
const ago = (minutes: number) => new Date(Date.UTC(2026, 10, 22, 3, 0) - minutes * 60_000);
const daily: RunRules = { id: newId<ScheduleId>(), missedRuns: "RUN_ONCE", graceMinutes: 1440, overlap: "WAIT", jitterSeconds: 0 };
const situation = { now, unfinished: 0, allowedFrom: (instant: Date) => instant };
const brief = (runs: ReturnType<typeof planRuns>) =>
  runs.map(({ cause, state, reason, dueCount }) => [cause, state, reason, dueCount].join(" "));

describe("a due time", () => {
  it.each([
    ["that has just come waits to be started", {}, [0], 0, ["DUE WAITING  1"]],
    ["is not missed within its first minute", { missedRuns: "SKIP" }, [0.5], 0, ["DUE WAITING  1"]],
    [
      "that was missed is caught up with once",
      {},
      [180, 120, 60],
      0,
      ["DUE SKIPPED MISSED 1", "DUE SKIPPED MISSED 1", "CATCH_UP WAITING  1"],
    ],
    ["that was missed needs no catching up where the next one has come", {}, [60, 0], 0, ["DUE SKIPPED MISSED 1", "DUE WAITING  1"]],
    ["that was missed is left out by SKIP", { missedRuns: "SKIP" }, [60], 0, ["DUE SKIPPED MISSED 1"]],
    ["that was missed for longer than the grace time is left out", { graceMinutes: 59 }, [60], 0, ["DUE SKIPPED MISSED 1"]],
    ["that was missed for just the grace time is caught up with", { graceMinutes: 61 }, [60], 0, ["CATCH_UP WAITING  1"]],
    ["waits while the last run has not ended", {}, [0], 1, ["DUE WAITING OVERLAP 1"]],
    ["is left out while another one waits already", {}, [0], 2, ["DUE SKIPPED OVERLAP 1"]],
    ["is left out by SKIP while the last run has not ended", { overlap: "SKIP" }, [0], 1, ["DUE SKIPPED OVERLAP 1"]],
    ["that is caught up with minds the last run too", { overlap: "SKIP" }, [60], 1, ["CATCH_UP SKIPPED OVERLAP 1"]],
  ] satisfies [string, Partial<RunRules>, number[], number, string[]][])("%s", (_, rules, minutes, unfinished, expected) => {
    const dueTimes = minutes.map(ago).sort((a, b) => a.getTime() - b.getTime());
    const runs = planRuns({ ...daily, ...rules }, dueTimes, { ...situation, unfinished });
    expect(brief(runs)).toEqual(expected);
    expect(runs.map(({ dueAt }) => dueAt)).toEqual(dueTimes);
  });

  it("has a row of its own for the twenty newest that were missed; the older ones share one", () => {
    const hourly = Array.from({ length: 100 }, (_, index) => ago(60 * (100 - index)));
    const runs = planRuns(daily, hourly, situation);
    expect(runs).toHaveLength(22);
    expect(runs[0]).toMatchObject({ state: "SKIPPED", dueCount: 79, dueAt: hourly[78] });
    expect(runs[0]?.message).toContain("78 earlier due times");
    expect(runs.at(-1)).toMatchObject({ state: "WAITING", cause: "CATCH_UP", dueAt: hourly[99], notBefore: now });
    expect(runs.reduce((sum, { dueCount }) => sum + dueCount, 0)).toBe(100);
  });

  it("starts after the quiet hours, which jitter cannot lead into", () => {
    const end = new Date("2026-11-22T06:00:00.000Z");
    const quiet = { ...situation, allowedFrom: (instant: Date) => (instant < end ? end : instant) };
    expect(planRuns({ ...daily, jitterSeconds: 600 }, [ago(0)], quiet)).toMatchObject([
      { state: "WAITING", reason: "QUIET_HOURS", notBefore: end },
    ]);
  });

  it("starts late by its jitter: the same for all who work it out, spread over schedules and days", () => {
    const delays = Array.from({ length: 500 }, (_, index) => jitterOf({ id: daily.id, jitterSeconds: 300 }, ago(index)) / 1000);
    expect(Math.min(...delays)).toBeLessThan(15);
    expect(Math.max(...delays)).toBeGreaterThan(285);
    expect(delays.every((delay) => Number.isInteger(delay) && delay >= 0 && delay <= 300)).toBe(true);
    expect(jitterOf({ id: daily.id, jitterSeconds: 300 }, ago(0))).toBe((delays[0] ?? 0) * 1000);
    const [run] = planRuns({ ...daily, jitterSeconds: 300 }, [ago(0)], situation);
    expect(run?.notBefore).toEqual(new Date(ago(0).getTime() + (delays[0] ?? 0) * 1000));
  });
});

describe("a failed try", () => {
  it.each([
    ["STORAGE_UNAVAILABLE", 1, 2, 1],
    ["STORAGE_UNAVAILABLE", 2, 2, 5],
    ["STORAGE_UNAVAILABLE", 3, 2, null],
    ["INTERRUPTED", 3, 9, 15],
    ["CONFLICT", 9, 9, 60],
    ["STORAGE_FULL", 1, 9, null],
    ["BAD_USER_INPUT", 1, 9, null],
    ["INTERNAL", 1, 0, null],
  ] as const)("by %s, the %i. of at most 1 + %i, is tried again after %s minutes", (code, attempt, retries, minutes) => {
    expect(retryAt(code, attempt, retries, now)).toEqual(minutes === null ? null : new Date(now.getTime() + minutes * 60_000));
  });
});
