import type { Db } from "../db/client.ts";
import { listSources, type SourceRow } from "../db/sources.ts";
import * as db from "../db/statistics.ts";
import { listStorages } from "../db/storages.ts";
import { type Actor, allow } from "../domain/access.ts";
import { dayIndex, type LocalDays, lastDays } from "../domain/days.ts";
import { badInput, notFound } from "../domain/errors.ts";
import { fullAt, growthPerDay } from "../domain/growth.ts";
import type { SourceId } from "../domain/ids.ts";
import type { SettingValues } from "../domain/settings.ts";
import { ageSeconds, ratio, targetSeconds, totalsBackwards, withinTarget } from "../domain/statistics.ts";
import type { KeptBackups } from "./kept-backups.ts";
import type { OwnedSettings } from "./settings.ts";
import type { StorageState, Storages } from "./storages.ts";

interface Dependencies {
  readonly catalog: Db;
  readonly settings: Pick<OwnedSettings, "current">;
  readonly storages: Pick<Storages, "describe">;
  readonly kept: KeptBackups;
  readonly now: () => Date;
}

export type StatisticsService = ReturnType<typeof createStatistics>;
export type Statistics = Awaited<ReturnType<StatisticsService["read"]>>;

const longestDays = 3660;

/** How backups fared, what they take, and how each source stands against its targets. */
export const createStatistics = ({ catalog, settings, storages, kept, now }: Dependencies) => ({
  /** Over the last `days` days of the settings' time zone, today included; of one source, or of all. */
  async read(actor: Actor | null, days = 30, sourceId: SourceId | null = null) {
    allow(actor, "read");
    if (!Number.isInteger(days) || days < 1 || days > longestDays)
      throw badInput(`Statistics reach over a whole number of days from 1 to ${longestDays}.`);
    const [at, values, allSources] = [now(), await settings.current(), await listSources(catalog)];
    const sources = allSources.filter(({ id }) => sourceId === null || id === sourceId);
    if (sourceId !== null && sources.length === 0) throw notFound("source", sourceId);
    const range = lastDays(values.timeZone, at, days);
    const [byDay, bySource, movements, totals, copies, standing, verifications, coming, places] = await Promise.all([
      db.outcomesByDay(catalog, range, sourceId),
      db.outcomesBySource(catalog, range.since, sourceId),
      db.movementsByDay(catalog, range, sourceId),
      kept.totals(),
      kept.copies(),
      kept.standing(),
      db.countVerifications(catalog, range.since, sourceId),
      db.comingUp(catalog, sourceId),
      listStorages(catalog).then((rows) => storages.describe(rows)),
    ]);
    const own = totals.filter((each) => sourceId === null || each.sourceId === sourceId);
    const stored = sum(own, "storedSize");
    const onStorages = copies.filter((each) => sourceId === null || each.sourceId === sourceId);
    const all = outcomesInAll([...bySource.values()]);
    const newest = sources.flatMap(({ id }) => standing.get(id) ?? []).reduce<db.Standing | null>((a, b) => (laterOf(a, b) ? b : a), null);
    return {
      totalBackups: all.completed + all.failed + all.cancelled + coming.active,
      completedBackups: all.completed,
      failedBackups: all.failed,
      cancelledBackups: all.cancelled,
      successRate: ratio(all.completed, all.completed + all.failed),
      storedBytes: stored,
      originalBytes: sum(own, "size"),
      compressionRatio: ratio(sum(own, "size"), stored),
      bytesPerSecond: ratio(all.size, all.seconds),
      averageDurationSeconds: ratio(all.seconds, all.completed),
      lastDurationSeconds: newest?.lastSeconds ?? null,
      lastBackupAt: newest?.lastBackupAt ?? null,
      nextRunAt: coming.nextRunAt,
      byDay: daysOf(range, byDay, totalsByDay(range, movements, sum(onStorages, "storedSize"))),
      bySource: sources.map((source) =>
        sourceStatistics(source, { own, outcomes: bySource.get(source.id), standing: standing.get(source.id), values, at }),
      ),
      byStorage: places.map((storage) => storageStatistics(storage, { own: onStorages, movements, range, at })),
      verificationsPassed: verifications.passed,
      verificationsFailed: verifications.failed,
    };
  },
});

const laterOf = (a: db.Standing | null, b: db.Standing) =>
  b.lastBackupAt !== null && (a?.lastBackupAt ?? new Date(0)).getTime() < b.lastBackupAt.getTime();

const sum = (totals: readonly db.Kept[], field: "count" | "size" | "storedSize") => totals.reduce((all, each) => all + each[field], 0);

const none: db.Outcomes = { completed: 0, failed: 0, cancelled: 0, size: 0, storedSize: 0, seconds: 0 };

const outcomesInAll = (each: readonly db.Outcomes[]): db.Outcomes =>
  each.reduce(
    (all, one) => ({
      completed: all.completed + one.completed,
      failed: all.failed + one.failed,
      cancelled: all.cancelled + one.cancelled,
      size: all.size + one.size,
      storedSize: all.storedSize + one.storedSize,
      seconds: all.seconds + one.seconds,
    }),
    none,
  );

/** Each day with what ended on it; days with none too. */
function daysOf(range: LocalDays, outcomes: readonly (db.Outcomes & { readonly day: number })[], totals: readonly number[]) {
  const byIndex = Map.groupBy(outcomes, ({ day }) => dayIndex(range, day));
  return range.names.map((day, index) => {
    const { completed, failed, cancelled, storedSize, seconds } = outcomesInAll(byIndex.get(index) ?? []);
    const averageDurationSeconds = ratio(seconds, completed);
    return { day, completed, failed, cancelled, storedBytes: storedSize, totalBytes: totals[index] ?? 0, averageDurationSeconds };
  });
}

function totalsByDay(range: LocalDays, movements: readonly db.Movement[], keptNow: number): number[] {
  const moved = range.names.map(() => 0);
  for (const { day, bytes } of movements) {
    const index = dayIndex(range, day);
    moved[index] = (moved[index] ?? 0) + bytes;
  }
  return totalsBackwards(keptNow, moved);
}

interface SourceFigures {
  readonly own: readonly db.Kept[];
  readonly outcomes: db.Outcomes | undefined;
  readonly standing: db.Standing | undefined;
  readonly values: SettingValues;
  readonly at: Date;
}

function sourceStatistics(source: SourceRow, { own, outcomes = none, standing, values, at }: SourceFigures) {
  const totals = own.filter(({ sourceId }) => sourceId === source.id);
  const { lastGoodAt = null, lastProvenAt = null } = standing ?? {};
  const [backupAgeSeconds, proofAgeSeconds] = [ageSeconds(lastGoodAt, at), ageSeconds(lastProvenAt, at)];
  const targetBackupAgeSeconds = targetSeconds(source.targetBackupAgeHours, values.targetBackupAgeHours);
  const targetProofAgeSeconds = targetSeconds(source.targetProofAgeHours, values.targetProofAgeHours);
  return {
    source,
    storedBytes: sum(totals, "storedSize"),
    backupCount: sum(totals, "count"),
    successRate: ratio(outcomes.completed, outcomes.completed + outcomes.failed),
    averageDurationSeconds: ratio(outcomes.seconds, outcomes.completed),
    lastGoodAt,
    lastProvenAt,
    backupAgeSeconds,
    proofAgeSeconds,
    targetBackupAgeSeconds,
    targetProofAgeSeconds,
    backupInTarget: withinTarget(backupAgeSeconds, targetBackupAgeSeconds),
    proofInTarget: withinTarget(proofAgeSeconds, targetProofAgeSeconds),
    measuredRestoreSeconds: standing?.drillSeconds ?? null,
    compressionRatio: ratio(sum(totals, "size"), sum(totals, "storedSize")),
    bytesPerSecond: ratio(outcomes.size, outcomes.seconds),
  };
}

interface StorageFigures {
  readonly own: readonly db.Kept[];
  readonly movements: readonly db.Movement[];
  readonly range: LocalDays;
  readonly at: Date;
}

function storageStatistics(storage: StorageState, { own, movements, range, at }: StorageFigures) {
  const totals = own.filter(({ storageId }) => storageId === storage.id);
  const storedBytes = sum(totals, "storedSize");
  const moved = movements.filter(({ storageId }) => storageId === storage.id);
  const growth = growthPerDay(totalsByDay(range, moved, storedBytes));
  return {
    storage,
    storedBytes,
    backupCount: sum(totals, "count"),
    freeBytes: storage.freeBytes,
    growthPerDay: growth,
    fullAt: fullAt(at, storage.freeBytes, growth),
  };
}
