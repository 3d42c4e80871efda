import { formatBytes, formatCount, formatDuration } from "../../shared/format.ts";
import type { VerificationDetailFragment } from "../graphql/generated.ts";

type Finished = Pick<VerificationDetailFragment, "level" | "status" | "passed" | "filesChecked" | "bytesChecked" | "restoreSeconds"> & {
  readonly tables: readonly Check[];
  readonly problems: readonly string[];
};

export const levelWord = { CHECKSUM: "Bytes checked", RESTORE: "Restored and compared" } as const;

/** What a verification came to, in one sentence with the numbers that matter. */
export function verificationOutcome({
  level,
  status,
  passed,
  tables,
  filesChecked,
  bytesChecked,
  restoreSeconds,
  problems,
}: Finished): string {
  if (status === "CANCELLED") return "Cancelled: nothing was found out, and nothing of it is left.";
  if (passed === null) return "It could not be carried out, so nothing is known about the backup.";
  if (!passed)
    return problems.length > 1 ? `Not whole: ${formatCount(problems.length, "thing")} differ from what was backed up.` : "Not whole.";
  if (level === "CHECKSUM") return `Every byte is as it was written${bytesChecked === null ? "" : `: ${formatBytes(bytesChecked)} read`}.`;
  const rows = tables.reduce((sum, table) => sum + table.restoredRows, 0);
  const held = [
    ...(tables.length > 0 ? [formatCount(tables.length, "table"), formatCount(rows, "row")] : []),
    ...(filesChecked === null ? [] : [formatCount(filesChecked, "file")]),
  ];
  return `Restored and compared${held.length > 0 ? `: ${held.join(", ")}` : ""}${restoreSeconds === null ? "" : `, in ${formatDuration(restoreSeconds)}`}.`;
}

/** The small facts of a verification, each only where it is known. */
export function verificationFacts({ level, filesChecked, bytesChecked, restoreSeconds, tables }: Finished): [string, string][] {
  const facts: [string, string | null][] = [
    ["Tables compared", level === "RESTORE" && tables.length > 0 ? tables.length.toLocaleString("en-US") : null],
    ["Files compared", filesChecked === null ? null : filesChecked.toLocaleString("en-US")],
    ["Bytes read", bytesChecked === null ? null : formatBytes(bytesChecked)],
    ["Measured time to restore", restoreSeconds === null ? null : formatDuration(restoreSeconds)],
  ];
  return facts.flatMap(([name, value]) => (value === null ? [] : [[name, value]]));
}

type Check = VerificationDetailFragment["tables"][number];

/** What differs first, then by name as it came. */
export const worstTablesFirst = (tables: readonly Check[]): Check[] => tables.toSorted((a, b) => Number(a.matches) - Number(b.matches));
