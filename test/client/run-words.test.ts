import { describe, expect, it } from "vitest";
import { describeRun, lastRunWords, type Run, runReason, runShape, runWord } from "../../client/lib/run-words.ts";

const now = new Date("2026-11-22T09:00:00Z");
const run = (change: Partial<Run> = {}): Run => ({
  dueAt: "2026-11-22T02:00:00Z",
  cause: "DUE",
  state: "COMPLETED",
  reason: null,
  message: null,
  notBefore: "2026-11-22T02:00:00Z",
  attempt: 1,
  dueCount: 1,
  ...change,
});

describe("a run", () => {
  it("that passed while nothing could start was missed, any other that did not start was skipped", () => {
    const [missed, overlapped] = [run({ state: "SKIPPED", reason: "MISSED" }), run({ state: "SKIPPED", reason: "OVERLAP" })];
    expect([runWord(missed), runShape(missed)]).toEqual(["Missed", "missed"]);
    expect([runWord(overlapped), runShape(overlapped)]).toEqual(["Skipped", "skipped"]);
    expect(runReason(missed, now)).toBe("Holdfast was not running when it was due.");
    expect(runReason({ ...missed, dueCount: 12 }, now)).toBe("Holdfast was not running when it was due (12 due times).");
  });

  it("of a verification that found damage is not done, but not whole", () => {
    const verification = { id: "v", status: "COMPLETED", passed: false, backup: { id: "b", name: "Shop" } } as const;
    expect([runWord(run({ verification })), runShape(run({ verification }))]).toEqual(["Not whole", "broken"]);
  });

  it("that waits says for what and until when; the server's own words come first", () => {
    const waiting = run({ state: "WAITING", reason: "QUIET_HOURS", notBefore: "2026-11-22T17:00:00Z" });
    expect(runReason(waiting, now, "UTC")).toBe("It waits for the end of the quiet hours: 17:00 today.");
    expect(runReason({ ...waiting, message: "Quiet until six." }, now, "Europe/Berlin")).toBe("Quiet until six: 18:00 today.");
    expect(runReason(run(), now)).toBeNull();
  });

  it("tells a screen reader what hover tells", () => {
    const backup = { id: "b", name: "Shop", status: "COMPLETED", storedSize: 1_180_000_000, durationSeconds: 41 } as const;
    expect(describeRun(run({ backup, attempt: 2, cause: "MANUAL" }), now, "Europe/Berlin")).toBe(
      "Done, by hand; 03:00 today, 7 hours ago; 1.18 GB; took 41 s; try 2",
    );
  });

  it("is the last one by what is so now: one under way says so", () => {
    expect(lastRunWords([], now)).toBeNull();
    expect(lastRunWords([run({ state: "STARTED" })], now)?.words).toBe("Running now");
    expect(lastRunWords([run({ state: "FAILED" })], now)?.words).toBe("Failed 7 hours ago");
  });
});
