import fc from "fast-check";
import type { BackupId, SourceId, StorageId } from "../../server/domain/ids.ts";
import type { RetainedBackup, Retention } from "../../server/domain/retention.ts";
import { backupTypes } from "../../shared/enums.ts";

export const unlimited: Retention = { days: null, keepLast: null, keepDaily: null, keepWeekly: null, keepMonthly: null, keepYearly: null };
const limit = (max: number) => fc.option(fc.integer({ min: 1, max }), { freq: 2 });

/** Any limits, none at all among them. */
export const anyRetention: fc.Arbitrary<Retention> = fc.record({
  days: limit(60),
  keepLast: limit(8),
  keepDaily: limit(10),
  keepWeekly: limit(6),
  keepMonthly: limit(6),
  keepYearly: limit(4),
});

export const anyZone = fc.constantFrom(
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "Pacific/Apia",
  "Pacific/Kiritimati",
  "Australia/Lord_Howe",
);

export const now = new Date("2026-11-22T03:00:00Z");

/** What came of one night: how long after the one before, of which source, and what it left. */
const anyNight = fc.record({
  hours: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: -400, max: 9000 })),
  source: fc.integer({ min: 0, max: 1 }),
  schedule: fc.integer({ min: 0, max: 1 }),
  storage: fc.integer({ min: 0, max: 1 }),
  /** The other one has it too, where it is not the same. */
  second: fc.integer({ min: 0, max: 1 }),
  type: fc.constantFrom(...backupTypes, "FULL" as const, "FULL" as const, "FULL" as const),
  outcome: fc.constantFrom("good", "good", "good", "failed", "damaged"),
  pinned: fc.integer({ min: 0, max: 9 }).map((dice) => dice === 0),
  proven: fc.integer({ min: 0, max: 5 }).map((dice) => dice === 0),
  inUse: fc.integer({ min: 0, max: 19 }).map((dice) => dice === 0),
  storedSize: fc.integer({ min: 0, max: 1000 }),
});

/** Years of nights on a few sources, with clocks that jump, as the completed backups that they left. */
export const anyHistory: fc.Arbitrary<RetainedBackup[]> = fc
  .record({ nights: fc.array(anyNight, { maxLength: 60 }), retentions: fc.array(anyRetention, { minLength: 9, maxLength: 9 }) })
  .map(({ nights, retentions }) => {
    let at = now.getTime() - 3 * 365 * 86_400_000;
    return nights.flatMap(({ hours, source, schedule, outcome, pinned, ...night }, index) => {
      at += hours * 3_600_000;
      if (outcome === "failed") return [];
      return [
        {
          ...night,
          id: `backup ${String(index).padStart(3, "0")}` as BackupId,
          sourceId: `source ${source}` as SourceId,
          storages: [...new Set([night.storage, night.second])].map((one) => `storage ${one}` as StorageId),
          createdAt: new Date(at),
          good: outcome === "good",
          pinned,
          group: `${source} ${schedule} ${night.type}`,
          retention: retentions[source * 3 + schedule] ?? unlimited,
        },
      ];
    });
  });
