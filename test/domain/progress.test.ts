import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { newId, type OperationId } from "../../server/domain/ids.ts";
import { advance, conclude, initialProgress, type Progress, type Report } from "../../server/domain/progress.ts";
import { phases } from "../../shared/enums.ts";

const start = new Date("2026-11-22T03:00:00Z");
const first = initialProgress(newId<OperationId>(), "BACKUP", "RUNNING", start);
const report = (bytesProcessed: number, bytesExpected: number | null): Report => ({
  phase: "DATABASE",
  bytesProcessed,
  bytesExpected,
  currentItem: null,
});
const later = (seconds: number) => new Date(start.getTime() + seconds * 1000);

const reports = fc.array(
  fc.record({
    phase: fc.constantFrom(...phases),
    bytesProcessed: fc.nat(2_000_000),
    bytesExpected: fc.option(fc.nat(1_000_000)),
    currentItem: fc.constant(null),
    milliseconds: fc.nat(3_000),
  }),
  { maxLength: 40 },
);

/** The progress after each report, in order. */
function history(list: readonly (Report & { readonly milliseconds: number })[]): Progress[] {
  const all = [first];
  let at = start.getTime();
  for (const each of list) {
    at += each.milliseconds;
    all.push(advance(all.at(-1) ?? first, each, new Date(at)));
  }
  return all;
}

describe("progress", () => {
  it("never falls and stays under 100 whatever is reported", () => {
    fc.assert(
      fc.property(reports, (list) => {
        const all = history(list);
        for (const [index, now] of all.entries()) {
          const before = all[index - 1] ?? now;
          expect(now.percent).toBeGreaterThanOrEqual(before.percent);
          expect(now.bytesProcessed).toBeGreaterThanOrEqual(before.bytesProcessed);
          expect(now.percent).toBeLessThan(100);
          if (now.bytesExpected !== null) expect(now.bytesExpected).toBeGreaterThanOrEqual(now.bytesProcessed);
          if (now.etaSeconds !== null) expect(now.etaSeconds).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });

  it("is 100 exactly when the operation completed", () => {
    const half = advance(first, report(50, 100), later(1));
    expect(conclude(half, "COMPLETED", later(2)).percent).toBe(100);
    expect(conclude(half, "FAILED", later(2)).percent).toBe(50);
    expect(conclude(half, "CANCELLED", later(2)).percent).toBe(50);
  });

  it("invents no total, percent or remaining time when the total is unknown", () => {
    const unknown = advance(first, report(50, null), later(1));
    expect(unknown).toMatchObject({ bytesProcessed: 50, bytesExpected: null, percent: 0, etaSeconds: null });
  });

  it("raises an estimate that proved too small instead of passing it", () => {
    expect(advance(first, report(150, 100), later(1))).toMatchObject({ bytesProcessed: 150, bytesExpected: 150, percent: 99 });
  });

  it("tells the rate and the time that is left", () => {
    const now = advance(first, report(100, 1000), later(1));
    expect(now.bytesPerSecond).toBe(100);
    expect(now.etaSeconds).toBe(9);
  });
});
