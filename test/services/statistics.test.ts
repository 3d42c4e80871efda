import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bury, removeBackup } from "../../server/db/deletions.ts";
import { backups, pastOperations, sources, storages, verifications } from "../../server/db/schema/index.ts";
import type { BackupId, SourceId, StorageId } from "../../server/domain/ids.ts";
import { newId } from "../../server/domain/ids.ts";
import { defaultSettings } from "../../server/domain/settings.ts";
import { memoryBus } from "../../server/events/memory.ts";
import { createKeptBackups } from "../../server/services/kept-backups.ts";
import { createStatistics } from "../../server/services/statistics.ts";
import { freshCatalog } from "../support/catalog.ts";

const now = new Date("2026-11-02T10:30:00.000Z");
const viewer = { kind: "user", id: "1", name: "Vera", email: "v@example.org", role: "VIEWER" } as const;

const free = 5_000_000;
let place: Awaited<ReturnType<typeof freshCatalog>>;
const sourceIds = [newId<SourceId>(), newId<SourceId>(), newId<SourceId>()] as const;
const unseen = {
  problem: null,
  checkedAt: null,
  totalBytes: null,
  missingCopies: 0,
  passwordSet: false,
  privateKeySet: false,
  fingerprint: "",
};
const storageIds = [newId<StorageId>(), newId<StorageId>()] as const;

beforeAll(async () => {
  place = await freshCatalog();
  const { db } = place.catalog;
  await db.insert(sources).values(
    sourceIds.map((id, index) => ({
      id,
      name: `Source ${index}`,
      slug: `source-${index}`,
      mediaPaths: ["/x"],
      excludePatterns: [],
      targetBackupAgeHours: [null, 30, 0][index] ?? null,
      targetProofAgeHours: null,
      createdAt: now,
    })),
  );
  await db.insert(storages).values(
    storageIds.map((id, index) => ({
      id,
      name: `Storage ${index}`,
      kind: "LOCAL" as const,
      config: { directory: `/s${index}` },
      isDefault: index === 0,
      createdAt: now,
    })),
  );
});
afterAll(() => place[Symbol.asyncDispose]());

const read = (days: number, timeZone = "UTC", sourceId: SourceId | null = null) => {
  const { db } = place.catalog;
  return createStatistics({
    catalog: db,
    settings: { current: async () => ({ ...defaultSettings, timeZone, targetBackupAgeHours: 48, targetProofAgeHours: 24 * 30 }) },
    storages: { describe: async (rows) => rows.map((row) => ({ ...row, ...unseen, usedBytes: 0, backupCount: 0, freeBytes: free })) },
    kept: createKeptBackups({ catalog: db, bus: memoryBus(), now: () => now }),
    now: () => now,
  }).read(viewer, days, sourceId);
};

/** One backup of a random history, with what became of it. */
interface Told {
  readonly source: number;
  readonly storage: number;
  readonly status: "COMPLETED" | "FAILED" | "CANCELLED" | "RUNNING";
  readonly minutesAgo: number;
  readonly seconds: number;
  readonly size: number;
  readonly storedSize: number;
  /** What verifications found, oldest first. */
  readonly findings: readonly { readonly level: "CHECKSUM" | "RESTORE"; readonly passed: boolean }[];
  /** How long after its end it was deleted, and whether its files are gone too; null: it is still there. */
  readonly deleted: { readonly afterMinutes: number; readonly gone: boolean } | null;
}

const told: fc.Arbitrary<Told> = fc.record({
  source: fc.nat(2),
  storage: fc.nat(1),
  status: fc.constantFrom("COMPLETED", "COMPLETED", "COMPLETED", "FAILED", "CANCELLED", "RUNNING"),
  minutesAgo: fc.integer({ min: 61, max: 60 * 24 * 60 }),
  seconds: fc.integer({ min: 0, max: 3600 }),
  size: fc.integer({ min: 1, max: 10_000_000 }),
  storedSize: fc.integer({ min: 1, max: 1_000_000 }),
  findings: fc.array(fc.record({ level: fc.constantFrom("CHECKSUM", "RESTORE"), passed: fc.boolean() }), { maxLength: 3 }),
  deleted: fc.option(fc.record({ afterMinutes: fc.integer({ min: 0, max: 60 * 24 * 40 }), gone: fc.boolean() })),
});

/** What is in the catalog of one backup, for the account of the test's own. */
function factsOf(each: Told) {
  const createdAt = new Date(now.getTime() - each.minutesAgo * 60_000 + (each.size % 997));
  const finishedAt = each.status === "RUNNING" ? null : new Date(createdAt.getTime() + each.seconds * 1000);
  const deletedAt =
    finishedAt && each.deleted ? new Date(Math.min(finishedAt.getTime() + each.deleted.afterMinutes * 60_000, now.getTime())) : null;
  const completed = each.status === "COMPLETED";
  return {
    ...each,
    sourceId: sourceIds[each.source] ?? sourceIds[0],
    storageId: storageIds[each.storage] ?? storageIds[0],
    createdAt,
    finishedAt,
    deletedAt,
    gone: deletedAt !== null && each.deleted?.gone === true,
    size: completed ? each.size : null,
    storedSize: completed ? each.storedSize : null,
    findings: completed ? each.findings : [],
  };
}
type Facts = ReturnType<typeof factsOf>;

async function store(history: readonly Facts[]): Promise<void> {
  const { db } = place.catalog;
  await db.delete(backups);
  await db.delete(pastOperations);
  for (const [index, each] of history.entries()) {
    // Ids in order, so that what happened at once has one order for the catalog and for the test.
    const id = `${String(index).padStart(8, "0")}-0000-4000-8000-000000000000` as BackupId;
    const { sourceId, storageId, status, createdAt, finishedAt, size, storedSize } = each;
    await db.insert(backups).values({
      id,
      name: "b",
      type: "DATABASE",
      trigger: "MANUAL",
      actor: "a",
      sourceId,
      storageId,
      compression: "ZSTD",
      compressionLevel: 3,
      excludeLogs: true,
      folder: id,
      artifacts: [],
      size,
      storedSize,
      status,
      createdAt,
      startedAt: createdAt,
      finishedAt,
    });
    for (const [step, { level, passed }] of each.findings.entries())
      await db.insert(verifications).values({
        id: newId(),
        backupId: id,
        level,
        actor: "a",
        passed,
        restoreSeconds: level === "RESTORE" ? 10 + index + step : null,
        status: "COMPLETED",
        createdAt: new Date((finishedAt?.getTime() ?? 0) + step + 1),
        finishedAt: new Date((finishedAt?.getTime() ?? 0) + step + 1),
      });
    if (each.deletedAt) await bury(db, [id], each.deletedAt);
    if (each.gone) await removeBackup(db, id, now);
  }
}

const nameOf = (at: Date, timeZone: string) => new Intl.DateTimeFormat("en-CA", { timeZone, dateStyle: "short" }).format(at);
const total = (values: readonly (number | null)[]) => values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
const part = (a: number, b: number) => (b > 0 ? a / b : null);
const ofStatus = (history: readonly Facts[], status: string) => history.filter((each) => each.status === status);

describe("statistics", () => {
  it("agree with a second account of any history, in any zone, whatever was deleted meanwhile", async () => {
    const zones = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Auckland"];
    await fc.assert(
      fc.asyncProperty(
        fc.array(told.map(factsOf), { minLength: 25, maxLength: 40, size: "max" }),
        fc.constantFrom(...zones),
        fc.integer({ min: 1, max: 50 }),
        fc.option(fc.nat(2)),
        async (history, zone, days, source) => {
          await store(history);
          const sourceId = source === null ? null : (sourceIds[source] ?? null);
          const figures = await read(days, zone, sourceId);

          const names = figures.byDay.map((each) => each.day);
          expect(names).toHaveLength(days);
          expect(new Set(names).size).toBe(days);
          expect(names.at(-1)).toBe(nameOf(now, zone));
          const own = history.filter((each) => sourceId === null || each.sourceId === sourceId);
          const ended = own.filter(({ finishedAt }) => finishedAt && names.includes(nameOf(finishedAt, zone)));
          const kept = ofStatus(own, "COMPLETED").filter(({ deletedAt }) => deletedAt === null);
          const [completed, failed] = [ofStatus(ended, "COMPLETED"), ofStatus(ended, "FAILED")];
          expect(figures).toMatchObject({
            totalBackups: ended.length + ofStatus(own, "RUNNING").length,
            completedBackups: completed.length,
            failedBackups: failed.length,
            cancelledBackups: ofStatus(ended, "CANCELLED").length,
            successRate: part(completed.length, completed.length + failed.length),
            storedBytes: total(kept.map((each) => each.storedSize)),
            originalBytes: total(kept.map((each) => each.size)),
            averageDurationSeconds: part(total(completed.map((each) => each.seconds)), completed.length),
            bytesPerSecond: part(total(completed.map((each) => each.size)), total(completed.map((each) => each.seconds))),
            verificationsPassed: total(own.map((each) => found(each, true).filter((at) => names.includes(nameOf(at, zone))).length)),
            verificationsFailed: total(own.map((each) => found(each, false).filter((at) => names.includes(nameOf(at, zone))).length)),
          });
          for (const { day: name, ...told } of figures.byDay) {
            const that = ended.filter(({ finishedAt }) => finishedAt && nameOf(finishedAt, zone) === name);
            const before = ofStatus(own, "COMPLETED").filter(
              ({ finishedAt, deletedAt }) =>
                finishedAt && nameOf(finishedAt, zone) <= name && (!deletedAt || nameOf(deletedAt, zone) > name),
            );
            expect({ name, ...told }).toEqual({
              name,
              completed: ofStatus(that, "COMPLETED").length,
              failed: ofStatus(that, "FAILED").length,
              cancelled: ofStatus(that, "CANCELLED").length,
              storedBytes: total(ofStatus(that, "COMPLETED").map((each) => each.storedSize)),
              totalBytes: total(before.map((each) => each.storedSize)),
              averageDurationSeconds: part(
                total(ofStatus(that, "COMPLETED").map((each) => each.seconds)),
                ofStatus(that, "COMPLETED").length,
              ),
            });
          }
          for (const told of figures.bySource) {
            const mine = kept.filter((each) => each.sourceId === told.source.id);
            const good = mine.filter(({ findings }) => findings.at(-1)?.passed !== false);
            const proven = good.filter(({ findings }) => findings.some(({ level, passed }) => level === "RESTORE" && passed));
            expect([told.lastGoodAt, told.lastProvenAt]).toEqual([newest(good), newest(proven)]);
            expect([told.storedBytes, told.backupCount]).toEqual([total(mine.map((each) => each.storedSize)), mine.length]);
            const hours = [48, 30, 0][sourceIds.indexOf(told.source.id)] ?? 0;
            const age = (now.getTime() - (newest(good)?.getTime() ?? Number.NEGATIVE_INFINITY)) / 3_600_000;
            expect(told.backupInTarget).toBe(hours === 0 ? null : age <= hours);
          }
          for (const told of figures.byStorage)
            expect(told.storedBytes).toBe(total(kept.filter((each) => each.storageId === told.storage.id).map((each) => each.storedSize)));
        },
      ),
      { numRuns: 12 },
    );
  });
});

const found = ({ findings, finishedAt }: Facts, wanted: boolean): Date[] =>
  findings.flatMap(({ passed }, step) => (passed === wanted ? [new Date((finishedAt?.getTime() ?? 0) + step + 1)] : []));
const newest = (rows: readonly Facts[]) => rows.reduce<Date | null>((a, { createdAt }) => (a && a > createdAt ? a : createdAt), null);
