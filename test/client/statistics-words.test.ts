import { describe, expect, it } from "vitest";
import { dayAfter, dayLabel, projection, ticksOf } from "../../client/lib/chart.ts";
import {
  durationSentence,
  fullSoon,
  growthSentence,
  monthFigures,
  outcomeSentence,
  sourceFigures,
  standingOf,
  worstStanding,
} from "../../client/lib/statistics-words.ts";

const now = new Date("2026-11-22T09:00:00Z");
const hour = 3600;
const shop = {
  source: { id: "1", name: "Shop" },
  storedBytes: 3_200_000_000,
  backupCount: 30,
  successRate: 0.9666,
  averageDurationSeconds: 94,
  lastGoodAt: "2026-11-22T03:00:00Z",
  lastProvenAt: "2026-11-20T03:00:00Z",
  backupAgeSeconds: 6 * hour,
  proofAgeSeconds: 54 * hour,
  targetBackupAgeSeconds: 26 * hour,
  targetProofAgeSeconds: 168 * hour,
  backupInTarget: true,
  proofInTarget: true,
  measuredRestoreSeconds: 130,
  compressionRatio: 4.67,
  bytesPerSecond: 62_000_000,
};

describe("a source against its targets", () => {
  it.each([
    ["within both", {}, "good", "The newest good backup is 6 hours old, within its 26 hours.", "Proven 2 days ago, within its 7 days."],
    [
      "an old backup",
      { backupAgeSeconds: 72 * hour, backupInTarget: false },
      "bad",
      "The newest good backup is 3 days old; it may be 26 hours old.",
      "Proven 2 days ago, within its 7 days.",
    ],
    [
      "no backup at all",
      { backupAgeSeconds: null, backupInTarget: false, proofAgeSeconds: null, proofInTarget: false },
      "bad",
      "There is no good backup of it.",
      "Never proven by a restore; it shall be every 7 days.",
    ],
    [
      "no targets",
      { targetBackupAgeSeconds: null, targetProofAgeSeconds: null, backupInTarget: null, proofInTarget: null },
      "unknown",
      "The newest good backup is 6 hours old.",
      "Proven 2 days ago.",
    ],
    [
      "an old proof",
      { proofAgeSeconds: 240 * hour, proofInTarget: false },
      "bad",
      "The newest good backup is 6 hours old, within its 26 hours.",
      "Proven 10 days ago; it shall be every 7 days.",
    ],
  ])("says how it stands with %s", (_case, change, tone, text, proof) => {
    expect(standingOf({ ...shop, ...change })).toEqual({ tone, text, proof });
  });

  it("puts the worst first, and of equals the oldest", () => {
    const sources = [
      { ...shop, source: { id: "1", name: "good" } },
      { ...shop, source: { id: "2", name: "late" }, backupAgeSeconds: 40 * hour, backupInTarget: false },
      { ...shop, source: { id: "3", name: "untold" }, backupInTarget: null, proofInTarget: null },
      { ...shop, source: { id: "4", name: "none" }, backupAgeSeconds: null, backupInTarget: false },
      { ...shop, source: { id: "5", name: "none, without a target" }, backupAgeSeconds: null, backupInTarget: null, proofInTarget: null },
      { ...shop, source: { id: "6", name: "later" }, backupAgeSeconds: 90 * hour, backupInTarget: false },
    ];
    expect(worstStanding(sources).map(({ of }) => of.source.name)).toEqual([
      "none",
      "none, without a target",
      "later",
      "late",
      "untold",
      "good",
    ]);
  });

  it("shows no figure that is not known, and no success rate rounded up to all", () => {
    expect(sourceFigures({ ...shop, successRate: 0.999 })).toEqual([
      ["Back within", "2 min 10 s, measured"],
      ["Succeeds", "99%"],
      ["30 backups", "3.20 GB"],
      ["Takes", "1 min 34 s"],
      ["Shrinks to", "21%"],
      ["Reads", "62.0 MB/s"],
    ]);
    expect(sourceFigures({ ...shop, measuredRestoreSeconds: 0.04 })[0]).toEqual(["Back within", "less than 0.1 s, measured"]);
    const unknown = { measuredRestoreSeconds: null, successRate: null, averageDurationSeconds: null, compressionRatio: null };
    expect(sourceFigures({ ...shop, ...unknown, bytesPerSecond: null, backupCount: 0, storedBytes: 0 })).toEqual([
      ["0 backups", "0 bytes"],
    ]);
  });
});

const day = (name: string, change: object = {}) => ({
  day: name,
  completed: 1,
  failed: 0,
  cancelled: 0,
  storedBytes: 0,
  totalBytes: 0,
  averageDurationSeconds: 60 as number | null,
  ...change,
});
const month = {
  totalBackups: 30,
  completedBackups: 30,
  failedBackups: 0,
  cancelledBackups: 0,
  successRate: 1,
  storedBytes: 0,
  originalBytes: 0,
  averageDurationSeconds: 60,
  lastDurationSeconds: 61,
  compressionRatio: null,
  bytesPerSecond: null,
  lastBackupAt: null,
  nextRunAt: null,
  verificationsPassed: 0,
  verificationsFailed: 0,
  byDay: [day("2026-11-11"), day("2026-11-12")],
  bySource: [],
  byStorage: [],
};
const storage = {
  storage: { id: "s", name: "Attic" },
  storedBytes: 0,
  backupCount: 3,
  freeBytes: 5_000_000_000,
  growthPerDay: 120_000_000,
  fullAt: "2027-03-03T00:00:00Z",
};

describe("what the days came to", () => {
  it("names the last day on which something failed", () => {
    const byDay = [day("2026-11-11", { failed: 1 }), day("2026-11-12", { failed: 1 }), day("2026-11-13")];
    expect(outcomeSentence({ ...month, completedBackups: 27, failedBackups: 2, cancelledBackups: 1, byDay }, now)).toBe(
      "27 of 30 backups completed; 2 failed, the last on 12 Nov; 1 was cancelled.",
    );
    expect(outcomeSentence({ ...month, completedBackups: 0, failedBackups: 2 }, now)).toBe("None of 2 backups completed; 2 failed.");
    expect(outcomeSentence({ ...month, completedBackups: 0, failedBackups: 1 }, now)).toBe("The one backup failed.");
    expect(outcomeSentence(month, now)).toBe("All 30 backups completed.");
    expect(outcomeSentence({ ...month, totalBackups: 1, completedBackups: 0 }, now)).toBe("No backup ended in this time.");
  });

  it("says when backups take longer and longer, and not when one did", () => {
    const lasting = (...seconds: number[]) => ({ ...month, byDay: seconds.map((of) => day("2026-11-11", { averageDurationSeconds: of })) });
    expect(durationSentence(lasting(60, 60, 60, 80, 120, 130))).toContain("They take longer and longer.");
    expect(durationSentence(lasting(60, 60, 60, 300, 60, 60))).toBe("A backup takes 1 min on average; the last took 1 min 1 s.");
    expect(durationSentence({ ...month, averageDurationSeconds: null })).toBe("No backup completed in this time.");
  });

  it.each([
    ["a day in sight", {}, "Attic grows by 120 MB a day and is full on about 3 March 2027. 5.00 GB are free."],
    ["too little known", { growthPerDay: null, fullAt: null }, "How fast Attic grows is not known yet. 5.00 GB are free."],
    ["no growth", { growthPerDay: -12, fullAt: null }, "Attic does not grow. 5.00 GB are free."],
    ["many years", { fullAt: "2039-03-03T00:00:00Z" }, "Attic grows by 120 MB a day, which it can take for years. 5.00 GB are free."],
    ["free space unknown", { fullAt: null, freeBytes: null }, "Attic grows by 120 MB a day."],
  ])("says how a storage grows: %s", (_case, change, text) => {
    expect(growthSentence({ ...storage, ...change }, now)).toBe(text);
  });

  it("is loud a month before a storage is full, not earlier", () => {
    expect([fullSoon("2026-12-20T00:00:00Z", now), fullSoon("2027-01-20T00:00:00Z", now), fullSoon(null, now)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it("ends the overview with figures only where backups ended", () => {
    expect(monthFigures({ ...month, completedBackups: 0 }, now)).toEqual([]);
    expect(monthFigures({ ...month, verificationsPassed: 4, verificationsFailed: 1, byStorage: [storage] }, now)).toEqual([
      ["Completed", "30 backups"],
      ["Succeeded", "100%"],
      ["Proofs passed", "4 of 5"],
      ["First storage full", "about 3 March 2027"],
    ]);
  });
});

describe("the axis of days", () => {
  const days = Array.from({ length: 30 }, (_, index) => dayAfter("2026-10-24", index));

  it("names few days, evenly apart, the newest among them", () => {
    expect(ticksOf(days, 6)).toEqual(["2026-10-28", "2026-11-02", "2026-11-07", "2026-11-12", "2026-11-17", "2026-11-22"]);
    expect(ticksOf(days.slice(0, 2), 6)).toHaveLength(2);
    expect(dayLabel("2025-12-31", now)).toBe("31 Dec 2025");
  });

  it("goes on from the last day as it grew, and never below nothing", () => {
    const last = { day: "2026-12-30", values: { totalBytes: 100 } };
    expect(projection(last, "totalBytes", 10, 7).map(({ day: at, values }) => [at, values.totalBytes])).toEqual([
      ["2026-12-30", 100],
      ["2026-12-31", 110],
      ["2027-01-01", 120],
      ["2027-01-02", 130],
    ]);
    expect(projection(last, "totalBytes", -80, 7).at(-1)?.values.totalBytes).toBe(0);
  });
});
