import { formatBytes, formatCount, formatDuration } from "../../../shared/format.ts";
import type { VerificationReport } from "../../domain/verification.ts";
import { durationOf } from "../../services/operation-view.ts";
import type { VerificationRow } from "../../services/verifications.ts";

/** A verification that ended, with what it found. */
export interface Proof {
  readonly row: VerificationRow;
  readonly report: VerificationReport | null;
}

/** A verification as JSON for programs: the words of the API. */
export const recorded = ({ row, report }: Proof) => ({
  id: row.id,
  backupId: row.backupId,
  level: row.level,
  status: row.status,
  passed: row.passed,
  problems: report?.problems ?? [],
  tables: report?.tables ?? [],
  filesChecked: report?.filesChecked ?? null,
  bytesChecked: report?.bytesChecked ?? null,
  restoreSeconds: row.restoreSeconds,
  durationSeconds: durationOf(row),
});

/** What was found, as lines for a person. */
export function provenText(name: string, { row, report }: Proof): string {
  if (!report) return `${name} was not verified to its end.`;
  if (!report.passed) return [`${name} did not pass:`, ...report.problems.map((problem) => `  ${problem}`)].join("\n");
  if (row.level === "CHECKSUM") return `${name} passed: ${formatBytes(report.bytesChecked)} read, all as stored.`;
  const rows = report.tables.reduce((sum, { restoredRows }) => sum + restoredRows, 0);
  const parts = [
    ...(report.tables.length > 0 ? [formatCount(report.tables.length, "table"), formatCount(rows, "row")] : []),
    ...(report.filesChecked === null ? [] : [formatCount(report.filesChecked, "file")]),
  ];
  return `${name} passed: ${parts.join(", ")} restored and compared, in ${formatDuration(report.restoreSeconds ?? 0)}.`;
}

/** The newest verification of a backup in a word or two: when it was proven, or that it was not. */
export function badge(verifications: readonly VerificationRow[]): string {
  const [newest] = verifications.filter(({ status, passed }) => status === "COMPLETED" && passed !== null);
  if (!newest) return "never";
  if (!newest.passed) return "failed";
  const drill = verifications.find(({ level, passed }) => level === "RESTORE" && passed);
  const at = (drill ?? newest).finishedAt?.toISOString().slice(0, 10) ?? "";
  return drill ? at : `${at}, by checksum only`;
}
