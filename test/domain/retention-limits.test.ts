import { describe, expect, it } from "vitest";
import type { BackupId, SourceId, StorageId } from "../../server/domain/ids.ts";
import type { RetainedBackup, Retention } from "../../server/domain/retention.ts";
import { applyRetention } from "../../server/domain/retention-rule.ts";
import { explain } from "../../server/domain/retention-words.ts";
import { unlimited } from "./retention-history.ts";

const now = new Date("2026-11-22T12:00:00Z");

/** A good, whole backup of one source, taken at this instant. */
const taken = (instant: string, more: Partial<RetainedBackup> = {}): RetainedBackup => ({
  ...{ id: instant as BackupId, sourceId: "shop" as SourceId, storages: ["here" as StorageId], type: "FULL", group: "nightly" },
  ...{
    createdAt: new Date(instant),
    storedSize: 10,
    good: true,
    pinned: false,
    proven: false,
    inUse: false,
    retention: unlimited,
    ...more,
  },
});
/** What stays of backups taken at these instants, by these limits. */
function left(instants: readonly string[], limits: Partial<Retention>, timeZone = "UTC", capBytes: number | null = null): string[] {
  const backups = instants.map((instant) => taken(instant, { retention: { ...unlimited, ...limits } }));
  const caps = capBytes === null ? [] : [{ storageId: "here" as StorageId, capBytes }];
  return applyRetention(backups, { now, timeZone, caps }).flatMap(({ id, keep }) => (keep ? [id] : []));
}

describe("limits", () => {
  it("by days keep what is younger than so many times 24 hours", () => {
    const instants = ["2026-11-22T11:00:00Z", "2026-11-20T12:00:00.001Z", "2026-11-20T12:00:00Z"];
    expect(left(instants, { days: 2 })).toEqual(instants.slice(0, 2));
  });

  it("by day keep the newest of each day that has one, in the zone that is set, however long ago", () => {
    const instants = [
      "2026-11-21T23:30:00Z",
      "2026-11-21T22:30:00Z",
      "2026-11-20T10:00:00Z",
      "2025-01-01T08:00:00Z",
      "2025-01-01T07:00:00Z",
    ];
    expect(left(instants, { keepDaily: 3 })).toEqual([instants[0], instants[2], instants[3]]);
    // In Berlin, half past eleven in the evening of Saturday is Sunday already.
    expect(left(instants, { keepDaily: 3 }, "Europe/Berlin")).toEqual(instants.slice(0, 3));
  });

  it("by week follow ISO weeks, also where the year ends within one", () => {
    const instants = ["2026-01-04T12:00:00Z", "2025-12-29T12:00:00Z", "2025-12-28T12:00:00Z", "2025-12-22T12:00:00Z"];
    expect(left(instants, { keepWeekly: 2 })).toEqual([instants[0], instants[2]]);
  });

  it("by month and by year keep the newest of each", () => {
    const instants = [
      "2026-11-02T00:00:00Z",
      "2026-11-01T00:00:00Z",
      "2026-10-31T00:00:00Z",
      "2025-12-31T23:59:59Z",
      "2025-01-01T00:00:00Z",
    ];
    expect(left(instants, { keepMonthly: 2 })).toEqual([instants[0], instants[2]]);
    expect(left(instants, { keepYearly: 2 })).toEqual([instants[0], instants[3]]);
  });

  it("add up: a backup goes when none of them keeps it", () => {
    const instants = [
      "2026-11-22T00:00:00Z",
      "2026-11-21T00:00:00Z",
      "2026-11-20T00:00:00Z",
      "2026-10-20T00:00:00Z",
      "2025-10-20T00:00:00Z",
    ];
    expect(left(instants, { keepLast: 1, days: 2, keepYearly: 2 })).toEqual([instants[0], instants[1], instants[4]]);
  });

  it("are not set at all: nothing goes", () => {
    expect(left(["2026-11-22T00:00:00Z", "1999-11-22T00:00:00Z"], {})).toHaveLength(2);
  });

  it("count each group for itself", () => {
    const backups = ["nightly", "weekly"].flatMap((group) =>
      ["2026-11-22T00:00:00Z", "2026-11-21T00:00:00Z"].map((at) =>
        taken(at, { group, id: `${group} ${at}` as BackupId, retention: { ...unlimited, keepLast: 1 } }),
      ),
    );
    expect(applyRetention(backups, { now, timeZone: "UTC", caps: [] }).map(({ keep }) => keep)).toEqual([true, false, true, false]);
  });

  it("give way to a storage's cap from the oldest on, but not what is protected", () => {
    const instants = ["2026-11-22T00:00:00Z", "2026-11-21T00:00:00Z", "2026-11-20T00:00:00Z"];
    expect(left(instants, { days: 30 }, "UTC", 20)).toEqual(instants.slice(0, 2));
    expect(left(instants, { days: 30 }, "UTC", 0)).toEqual(instants.slice(0, 1));
  });
});

describe("the sentence", () => {
  const say = (backup: RetainedBackup, beside: readonly RetainedBackup[] = []) => {
    const caps = backup.storages.includes("full" as StorageId) ? [{ storageId: "full" as StorageId, capBytes: 0 }] : [];
    const [verdict] = applyRetention([backup, ...beside], { now, timeZone: "Europe/Berlin", caps });
    return verdict
      ? [explain(backup, verdict, { source: "Shop", timeZone: "Europe/Berlin", leaves: [] }), verdict.expiresAt?.toISOString() ?? null]
      : [];
  };
  const newer = taken("2026-11-22T00:00:00Z", { group: "other" });
  const limited = (limits: Partial<Retention>, more: Partial<RetainedBackup> = {}, at = "2026-11-01T23:30:00Z") =>
    taken(at, { retention: { ...unlimited, ...limits }, ...more });

  it.each<[string, RetainedBackup, readonly RetainedBackup[], string | null]>([
    ["Kept until 2 December 2026: 30 days.", limited({ days: 30 }), [newer], "2026-12-01T23:30:00.000Z"],
    ["Kept: the newest good backup of Shop; 30 days, until 2 December 2026.", limited({ days: 30 }), [], "2026-12-01T23:30:00.000Z"],
    ["Kept: it is pinned; 30 days, until 2 December 2026.", limited({ days: 30 }, { pinned: true }), [newer], null],
    ["Kept: the newest good backup of Shop with its media.", limited({ days: 1 }, { type: "MEDIA" }), [], null],
    [
      "Kept: one of the last 3; the newest of its day, of 1 day; the newest of its week, of 2 weeks; the newest of its year, of 1 year.",
      limited({ keepLast: 3, keepDaily: 1, keepWeekly: 2, keepYearly: 1 }),
      [newer],
      null,
    ],
    ["Kept: no limit is set, so nothing goes.", limited({}), [newer], null],
    ["Goes: older than 7 days, and no other limit keeps it.", limited({ days: 7 }), [newer], null],
    [
      "Goes: no limit keeps it.",
      limited({ keepLast: 1 }, { group: "g" }),
      [limited({ keepLast: 1 }, { group: "g", id: "b" as BackupId }, "2026-11-03T00:00:00Z")],
      null,
    ],
    ["Goes: found damaged, and older than 7 days.", limited({ days: 7 }, { good: false }), [newer], null],
    ["Kept: found damaged, but no good backup since then holds the same.", limited({ days: 7 }, { good: false }), [], null],
    [
      "Goes: its storage is over its cap, and nothing protects it.",
      limited({ days: 60 }, { storages: ["full" as StorageId] }),
      [{ ...newer, storages: ["full" as StorageId] }],
      null,
    ],
  ])("%s", (sentence, backup, beside, expiresAt) => {
    expect(say(backup, beside)).toEqual([sentence, expiresAt]);
  });
});
