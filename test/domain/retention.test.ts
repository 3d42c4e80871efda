import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { StorageId } from "../../server/domain/ids.ts";
import type { RetainedBackup, Retention, SizeCap, Verdict } from "../../server/domain/retention.ts";
import { stillOverCap } from "../../server/domain/retention-caps.ts";
import { applyRetention } from "../../server/domain/retention-rule.ts";
import { anyHistory, anyRetention, anyZone, now } from "./retention-history.ts";

const anyCaps: fc.Arbitrary<SizeCap[]> = fc.array(
  fc.record({
    storageId: fc.constantFrom("storage 0" as StorageId, "storage 1" as StorageId),
    capBytes: fc.integer({ min: 0, max: 20_000 }),
  }),
  { maxLength: 2 },
);
const anyCase = fc.record({ history: anyHistory, timeZone: anyZone, caps: anyCaps });
/** What stays, and where. */
const left = (backups: readonly RetainedBackup[], verdicts: readonly Verdict[]) =>
  backups.flatMap((backup) => {
    const verdict = verdicts.find(({ id }) => id === backup.id);
    return verdict?.keep ? [{ ...backup, storages: backup.storages.filter((storage) => !verdict.leaves.includes(storage)) }] : [];
  });
const holding = (backups: readonly RetainedBackup[], part: "DATABASE" | "MEDIA") =>
  backups.filter(({ good, type }) => good && (type === "FULL" || type === part));
const newest = (backups: readonly RetainedBackup[]) => backups.toSorted((a, b) => +b.createdAt - +a.createdAt || (a.id < b.id ? 1 : -1))[0];
const runs = { numRuns: 400 };

describe("retention, over years of nights", () => {
  it("always leaves the newest good backup of each source and part, and the newest proven one", () => {
    fc.assert(
      fc.property(anyCase, ({ history, timeZone, caps }) => {
        const kept = new Set(left(history, applyRetention(history, { now, timeZone, caps })).map(({ id }) => id));
        for (const sourceId of new Set(history.map((backup) => backup.sourceId))) {
          const good = history.filter((backup) => backup.sourceId === sourceId && backup.good);
          for (const part of ["DATABASE", "MEDIA"] as const) {
            const last = newest(good.filter(({ type }) => type === "FULL" || type === part));
            if (last) expect(kept).toContain(last.id);
          }
          const proven = newest(good.filter((backup) => backup.proven));
          if (proven) expect(kept).toContain(proven.id);
        }
      }),
      runs,
    );
  });

  it("never takes what is pinned or in use, and gives a reason or none but the lack of limits for what stays", () => {
    fc.assert(
      fc.property(anyCase, ({ history, timeZone, caps }) => {
        const verdicts = applyRetention(history, { now, timeZone, caps });
        expect(verdicts.map(({ id }) => id)).toEqual(history.map(({ id }) => id));
        for (const [index, { keep, reasons }] of verdicts.entries()) {
          const backup = history[index];
          if (backup?.pinned) expect([keep, reasons]).toEqual([true, expect.arrayContaining(["PINNED"])]);
          if (backup?.inUse) expect([keep, reasons]).toEqual([true, expect.arrayContaining(["IN_USE"])]);
          if (!keep) expect(reasons).toEqual([expect.stringMatching(/^(EXPIRED|SIZE_CAP)$/)]);
          if (keep && backup?.good && reasons.length === 0)
            expect(Object.values(backup.retention).every((limit) => limit === null)).toBe(true);
        }
      }),
      runs,
    );
  });

  it("has nothing more to remove when it is run again", () => {
    fc.assert(
      fc.property(anyCase, ({ history, timeZone, caps }) => {
        const view = { now, timeZone, caps };
        const once = left(history, applyRetention(history, view));
        expect(applyRetention(once, view).filter(({ keep, leaves }) => !keep || leaves.length > 0)).toEqual([]);
      }),
      runs,
    );
  });

  it("removes nothing good more when a limit is added or widened", () => {
    const widened = (retention: Retention, by: Retention): Retention => {
      const limited = Object.values(retention).some((limit) => limit !== null);
      if (!limited) return retention;
      const wider = (limit: keyof Retention) => (by[limit] === null ? retention[limit] : Math.max(by[limit], retention[limit] ?? 0));
      return {
        days: wider("days"),
        keepLast: wider("keepLast"),
        keepDaily: wider("keepDaily"),
        keepWeekly: wider("keepWeekly"),
        keepMonthly: wider("keepMonthly"),
        keepYearly: wider("keepYearly"),
      };
    };
    fc.assert(
      fc.property(anyCase, anyRetention, ({ history, timeZone }, by) => {
        const view = { now, timeZone, caps: [] };
        const before = left(history, applyRetention(history, view)).filter(({ good }) => good);
        const more = history.map((backup) => ({ ...backup, retention: widened(backup.retention, by) }));
        expect(left(more, applyRetention(more, view)).map(({ id }) => id)).toEqual(expect.arrayContaining(before.map(({ id }) => id)));
      }),
      runs,
    );
  });

  it("ages nothing good away by number while nothing but failed and damaged backups is added", () => {
    fc.assert(
      fc.property(anyCase, fc.array(fc.nat({ max: 365 }), { maxLength: 20 }), ({ history, timeZone }, nights) => {
        const counted = history.map((backup) => ({ ...backup, retention: { ...backup.retention, days: null } }));
        const verdicts = applyRetention(counted, { now, timeZone, caps: [] });
        const [one] = counted;
        const damaged = one
          ? nights.map((night, index) => ({
              ...one,
              ...{ id: `damaged ${index}` as typeof one.id, good: false, createdAt: new Date(+now + night * 86_400_000) },
            }))
          : [];
        const year = new Date(+now + 366 * 86_400_000);
        expect(applyRetention([...counted, ...damaged], { now: year, timeZone, caps: [] }).slice(0, counted.length)).toEqual(verdicts);
      }),
      runs,
    );
  });

  it("meets a storage's cap, or leaves nothing there that is not protected", () => {
    fc.assert(
      fc.property(anyCase, ({ history, timeZone, caps }) => {
        const verdicts = applyRetention(history, { now, timeZone, caps });
        const kept = left(history, verdicts);
        const strong = ["PINNED", "IN_USE", "NEWEST_GOOD", "NEWEST_PROVEN"];
        for (const { storageId } of stillOverCap(kept, caps)) {
          const there = kept.filter(({ storages }) => storages.includes(storageId));
          for (const backup of there.filter(({ good }) => good)) {
            const secured = verdicts.find(({ id }) => id === backup.id)?.reasons.some((reason) => strong.includes(reason));
            const own = there.filter(({ sourceId }) => sourceId === backup.sourceId);
            const last = [newest(holding(own, "DATABASE")), newest(holding(own, "MEDIA"))].map((each) => each?.id);
            expect(secured || last.includes(backup.id)).toBe(true);
          }
        }
      }),
      runs,
    );
  });

  it("leaves everything kept on some storage, and each capped storage the newest good of a part that it had", () => {
    fc.assert(
      fc.property(anyCase, ({ history, timeZone, caps }) => {
        const uncapped = left(history, applyRetention(history, { now, timeZone, caps: [] }));
        const kept = left(history, applyRetention(history, { now, timeZone, caps }));
        for (const { storages } of kept) expect(storages.length).toBeGreaterThan(0);
        for (const { storageId } of caps)
          for (const sourceId of new Set(history.map((backup) => backup.sourceId)))
            for (const part of ["DATABASE", "MEDIA"] as const) {
              const on = (backups: readonly RetainedBackup[]) =>
                newest(holding(backups, part).filter((backup) => backup.sourceId === sourceId && backup.storages.includes(storageId)))?.id;
              expect(on(kept)).toBe(on(uncapped));
            }
      }),
      runs,
    );
  });
});
