import { formatBytes, formatCount, formatDuration } from "../../shared/format.ts";
import type { SourceStatisticsPartsFragment, StatisticsQuery, StorageStatisticsPartsFragment } from "../graphql/generated.ts";
import { dayLabel } from "./chart.ts";
import { dayName } from "./retention-words.ts";
import { ageInWords, relativeTime, targetInWords } from "./time.ts";

type Statistics = StatisticsQuery["statistics"];
type Day = Statistics["byDay"][number];
type Summary = Pick<
  Statistics,
  "successRate" | "completedBackups" | "failedBackups" | "verificationsPassed" | "verificationsFailed" | "nextRunAt" | "byStorage"
>;

/** How a source stands against its targets, in words. */
export interface Standing {
  /** The worst first: bad is beyond its target or has nothing, unknown has no target, good is within. */
  readonly tone: "bad" | "unknown" | "good";
  readonly text: string;
  readonly proof: string;
}

const share = (rate: number) => `${rate === 1 ? 100 : Math.min(99, Math.round(rate * 100))}%`;

/** The ages of the newest good and the newest proven backup, beside what they may be. */
export function standingOf(of: SourceStatisticsPartsFragment): Standing {
  const bad = of.backupInTarget === false || of.proofInTarget === false || of.backupAgeSeconds === null;
  const known = of.backupInTarget !== null || of.proofInTarget !== null;
  return { tone: bad ? "bad" : known ? "good" : "unknown", text: backupWords(of), proof: proofWords(of) };
}

function backupWords({ backupAgeSeconds, targetBackupAgeSeconds, backupInTarget }: SourceStatisticsPartsFragment): string {
  if (backupAgeSeconds === null) return "There is no good backup of it.";
  const age = `The newest good backup is ${ageInWords(backupAgeSeconds)} old`;
  if (targetBackupAgeSeconds === null) return `${age}.`;
  return backupInTarget
    ? `${age}, within its ${targetInWords(targetBackupAgeSeconds)}.`
    : `${age}; it may be ${targetInWords(targetBackupAgeSeconds)} old.`;
}

function proofWords({ proofAgeSeconds, targetProofAgeSeconds, proofInTarget }: SourceStatisticsPartsFragment): string {
  const target = targetProofAgeSeconds === null ? null : targetInWords(targetProofAgeSeconds);
  if (proofAgeSeconds === null)
    return target === null ? "Never proven by a restore." : `Never proven by a restore; it shall be every ${target}.`;
  const age = `Proven ${ageInWords(proofAgeSeconds)} ago`;
  if (target === null) return `${age}.`;
  return proofInTarget ? `${age}, within its ${target}.` : `${age}; it shall be every ${target}.`;
}

const rank = { bad: 0, unknown: 1, good: 2 } as const;

/** The sources as they stand, the worst first, of equals the one with the oldest backup. */
export const worstStanding = (sources: readonly SourceStatisticsPartsFragment[]) =>
  sources
    .map((of) => ({ of, standing: standingOf(of) }))
    .toSorted(
      (a, b) =>
        rank[a.standing.tone] - rank[b.standing.tone] ||
        (b.of.backupAgeSeconds ?? Number.POSITIVE_INFINITY) - (a.of.backupAgeSeconds ?? Number.POSITIVE_INFINITY) ||
        0,
    );

/** The figures of a source, each only where it is known. */
export function sourceFigures(of: SourceStatisticsPartsFragment): [string, string][] {
  return [
    ...known(
      of.measuredRestoreSeconds,
      "Back within",
      (seconds) => `${seconds < 0.1 ? "less than 0.1 s" : formatDuration(seconds)}, measured`,
    ),
    ...known(of.successRate, "Succeeds", share),
    [formatCount(of.backupCount, "backup"), formatBytes(of.storedBytes)],
    ...known(of.averageDurationSeconds, "Takes", formatDuration),
    ...known(of.compressionRatio, "Shrinks to", ratioWords),
    ...known(of.bytesPerSecond, "Reads", (rate) => `${formatBytes(rate)}/s`),
  ];
}

/** What is left of a size, by the ratio of original to stored bytes. */
export const ratioWords = (ratio: number): string => (ratio <= 1.005 ? "the same size" : `${Math.max(1, Math.round(100 / ratio))}%`);

/** What the backups of the days came to: "28 of 30 backups completed; 2 failed, the last on 12 Nov." */
export function outcomeSentence({ totalBackups, completedBackups, failedBackups, cancelledBackups, byDay }: Statistics, now: Date): string {
  const ended = completedBackups + failedBackups + cancelledBackups;
  if (totalBackups === 0 || ended === 0) return "No backup ended in this time.";
  const worst = byDay.findLast((day) => day.failed > 0)?.day;
  const parts = [
    ...(failedBackups > 0
      ? [`${failedBackups.toLocaleString("en-US")} failed${worst ? `, the last on ${dayLabel(worst, now)}` : ""}`]
      : []),
    ...(cancelledBackups > 0 ? [`${cancelledBackups.toLocaleString("en-US")} ${cancelledBackups === 1 ? "was" : "were"} cancelled`] : []),
  ];
  const all = completedBackups === ended ? (ended === 1 ? "The one backup" : `All ${ended.toLocaleString("en-US")} backups`) : null;
  if (all) return `${all} completed.`;
  if (ended === 1) return `The one backup ${failedBackups > 0 ? "failed" : "was cancelled"}.`;
  return `${completedBackups === 0 ? "None" : completedBackups.toLocaleString("en-US")} of ${formatCount(ended, "backup")} completed; ${parts.join("; ")}.`;
}

/** How a storage grows and until when it holds: "Grows by 1.20 GB a day, full on about 3 March." */
export function growthSentence({ storage, growthPerDay, freeBytes, fullAt }: StorageStatisticsPartsFragment, now: Date): string {
  const free = freeBytes === null ? "" : ` ${formatBytes(freeBytes)} are free.`;
  if (growthPerDay === null) return `How fast ${storage.name} grows is not known yet.${free}`;
  if (growthPerDay < 1) return `${storage.name} does not grow.${free}`;
  const pace = `${storage.name} grows by ${formatBytes(growthPerDay)} a day`;
  if (fullAt === null) return `${pace}.${free}`;
  const at = new Date(fullAt);
  const far = at.getTime() - now.getTime() > 5 * 365 * 86_400_000;
  return far ? `${pace}, which it can take for years.${free}` : `${pace} and is full on about ${dayName(at, now)}.${free}`;
}

/** Whether that is soon enough to be said louder. */
export const fullSoon = (fullAt: string | null, now: Date): boolean =>
  fullAt !== null && new Date(fullAt).getTime() - now.getTime() < 30 * 86_400_000;

/** How long backups take, and whether that is changing: the last third of the days against the first. */
export function durationSentence({ averageDurationSeconds, lastDurationSeconds, byDay }: Statistics): string {
  if (averageDurationSeconds === null) return "No backup completed in this time.";
  const known = byDay.flatMap((day: Day) => (day.averageDurationSeconds === null ? [] : [day.averageDurationSeconds]));
  const text = `A backup takes ${formatDuration(averageDurationSeconds)} on average${lastDurationSeconds === null ? "" : `; the last took ${formatDuration(lastDurationSeconds)}`}.`;
  const third = Math.floor(known.length / 3);
  if (third < 2) return text;
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [first, last] = [mean(known.slice(0, third)), mean(known.slice(-third))];
  if (last > first * 1.5 && last - first > 5) return `${text} They take longer and longer.`;
  return text;
}

/** The few figures that the overview ends with. */
export function monthFigures(summary: Summary, now: Date): [string, string][] {
  const { completedBackups, failedBackups, successRate, nextRunAt, byStorage } = summary;
  if (completedBackups + failedBackups === 0) return [];
  const fullAt = byStorage.flatMap((storage) => storage.fullAt ?? []).toSorted()[0] ?? null;
  return [
    ["Completed", formatCount(completedBackups, "backup")],
    ...known(successRate, "Succeeded", share),
    ...proofFigure(summary),
    ...known(nextRunAt, "Next one due", (at) => relativeTime(new Date(at), now)),
    ...known(fullAt, "First storage full", (at) => `about ${dayName(new Date(at), now)}`),
  ];
}

/** The figures of the statistics page, each only where it is known. */
export function totalFigures(all: Statistics, now: Date): [string, string][] {
  return [
    ...known(all.successRate, "Backups that succeed", share),
    ["Stored", formatBytes(all.storedBytes)],
    ...known(all.compressionRatio, "Shrunk to", ratioWords),
    ...known(all.bytesPerSecond, "Read", (rate) => `${formatBytes(rate)}/s`),
    ...proofFigure(all),
    ...known(all.lastBackupAt, "Last backup", (at) => relativeTime(new Date(at), now)),
    ...known(all.nextRunAt, "Next one due", (at) => relativeTime(new Date(at), now)),
  ];
}

const known = <T>(value: T | null, name: string, words: (value: T) => string): [string, string][] =>
  value === null ? [] : [[name, words(value)]];

function proofFigure({ verificationsPassed: passed, verificationsFailed: failed }: Summary): [string, string][] {
  return passed + failed === 0
    ? []
    : [["Proofs passed", `${passed.toLocaleString("en-US")} of ${(passed + failed).toLocaleString("en-US")}`]];
}
