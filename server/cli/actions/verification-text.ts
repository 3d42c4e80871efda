import { formatBytes, formatCount, formatDuration } from "../../../shared/format.ts";
import type { Proven } from "../documents/backups.ts";
import type { Verification } from "../documents/verifications.ts";

/** A verification as JSON for programs: the words of the API. */
export const recorded = ({ backup, finishedAt: _, ...verification }: Verification) => ({ ...verification, backupId: backup.id });

/** What was found, as lines for a person. */
export function provenText({
  backup: { name },
  level,
  passed,
  problems,
  bytesChecked,
  tables,
  filesChecked,
  restoreSeconds,
}: Verification) {
  if (passed === null) return `${name} was not verified to its end.`;
  if (!passed) return [`${name} did not pass:`, ...problems.map((problem) => `  ${problem}`)].join("\n");
  if (level === "CHECKSUM") return `${name} passed: ${formatBytes(bytesChecked ?? 0)} read, all as stored.`;
  const rows = tables.reduce((sum, { restoredRows }) => sum + restoredRows, 0);
  const parts = [
    ...(tables.length > 0 ? [formatCount(tables.length, "table"), formatCount(rows, "row")] : []),
    ...(filesChecked === null ? [] : [formatCount(filesChecked, "file")]),
  ];
  return `${name} passed: ${parts.join(", ")} restored and compared, in ${formatDuration(restoreSeconds ?? 0)}.`;
}

/** The newest verification of a backup in a word or two: when it was proven, or that it was not. */
export function badge(verifications: readonly Proven[]): string {
  const [newest] = verifications.filter(({ status, passed }) => status === "COMPLETED" && passed !== null);
  if (!newest) return "never";
  if (!newest.passed) return "failed";
  const drill = verifications.find(({ level, passed }) => level === "RESTORE" && passed);
  const at = (drill ?? newest).finishedAt?.slice(0, 10) ?? "";
  return drill ? at : `${at}, by checksum only`;
}
