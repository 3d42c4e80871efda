import { formatBytes, formatCount, formatDuration } from "../../../shared/format.ts";
import { type Statistics, statisticsDocument } from "../documents/statistics.ts";
import { answer, table } from "../output.ts";
import type { Session } from "../session.ts";
import { relative, when } from "../times.ts";

/** statistics. */
export async function statistics(session: Session, days: number): Promise<void> {
  const found = await session.holdfast.ask<{ statistics: Statistics }>(statisticsDocument, { days });
  answer(session, found.statistics, portrayed(found.statistics, days, session));
}

function portrayed(all: Statistics, days: number, { output }: Session): string {
  const now = new Date();
  const lines = [
    `In the last ${days} days: ${formatCount(all.completedBackups, "backup")} complete, ${all.failedBackups} failed (${percent(all.successRate)} good).`,
    `Stored: ${formatBytes(all.storedBytes)}${all.compressionRatio ? `, ${all.compressionRatio.toFixed(1)} times smaller than what it holds` : ""}.`,
    `Last backup: ${relative(all.lastBackupAt, now)}. Next run: ${relative(all.nextRunAt, now)}.`,
  ];
  const sources = all.bySource.map((one) => [
    one.source.name,
    String(one.backupCount),
    percent(one.successRate),
    formatBytes(one.storedBytes),
    age(one.backupAgeSeconds),
    age(one.proofAgeSeconds),
    one.measuredRestoreSeconds === null ? "" : formatDuration(one.measuredRestoreSeconds),
  ]);
  if (sources.length > 0)
    lines.push(table(["SOURCE", "BACKUPS", "GOOD", "STORED", "LAST GOOD", "LAST PROVEN", "TIME TO RESTORE"], sources, output.color));
  const storages = all.byStorage.map((one) => [
    one.storage.name,
    String(one.backupCount),
    formatBytes(one.storedBytes),
    one.freeBytes === null ? "" : formatBytes(one.freeBytes),
    when(one.fullAt) || "not foreseen",
  ]);
  if (storages.length > 0) lines.push(table(["STORAGE", "BACKUPS", "STORED", "FREE", "FULL (UTC)"], storages, output.color));
  return lines.join("\n");
}

const percent = (rate: number | null) => (rate === null ? "none ended" : `${Math.round(rate * 100)} %`);
const age = (seconds: number | null) => (seconds === null ? "never" : `${formatDuration(seconds)} ago`);
