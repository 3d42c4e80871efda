import { formatBytes, formatCount } from "../../shared/format.ts";
import type { Artifact, Part, TableSummary } from "./manifest.ts";
import { oneLine } from "./notification-words.ts";

/** What a backup holds, as far as it is compared with its like. */
export interface Measured {
  readonly artifacts: readonly Pick<Artifact, "part" | "size">[];
}

/** Fewer tell nothing about what is usual. */
const fewest = 3;
/** Less than this is never worth a message, whatever its share. */
const leastBytes = 100_000;
/** A table that is empty now is only news where it held more than this. */
const leastRows = 100;

/** Sentences about each part whose size is further from the median of those before it than `percent`; `before` are of the same source and type. */
export function sizeFindings(backup: Measured, before: readonly Measured[], percent: number): readonly string[] {
  return (["database", "media"] as const).flatMap((part) => {
    const size = sizeOf(backup, part);
    const usual = before.map((each) => sizeOf(each, part)).filter((each) => each !== null);
    if (size === null || usual.length < fewest) return [];
    const median = medianOf(usual);
    const difference = Math.abs(size - median);
    if (difference < leastBytes || difference * 100 <= median * percent) return [];
    const name = part === "database" ? "The database" : "The media";
    return [`${name} came to ${formatBytes(size)}, where the last ${usual.length} had ${formatBytes(median)} in the middle.`];
  });
}

/** Sentences about tables that the backup before had, and this one lacks or has empty. */
export function tableFindings(
  tables: readonly Pick<TableSummary, "name" | "rows">[],
  before: readonly Pick<TableSummary, "name" | "rows">[],
): readonly string[] {
  const rows = new Map(tables.map((table) => [table.name, table.rows]));
  const gone = before.filter(({ name }) => !rows.has(name));
  const emptied = before.filter((table) => table.rows >= leastRows && rows.get(table.name) === 0);
  return [
    ...(gone.length > 0 ? [`${formatCount(gone.length, "table is", "tables are")} gone: ${listed(gone)}.`] : []),
    ...(emptied.length > 0 ? [`${formatCount(emptied.length, "table is", "tables are")} empty now: ${listed(emptied)}.`] : []),
  ];
}

const listed = (tables: readonly { readonly name: string }[]) =>
  tables
    .slice(0, 5)
    .map(({ name }) => oneLine(name, 64))
    .join(", ") + (tables.length > 5 ? " and more" : "");

/** The part's uncompressed bytes; null when the backup does not have it. */
function sizeOf({ artifacts }: Measured, part: Part): number | null {
  const own = artifacts.filter((artifact) => artifact.part === part);
  return own.length > 0 ? own.reduce((sum, { size }) => sum + size, 0) : null;
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
