import { formatBytes, formatCount, formatDuration } from "../../shared/format.ts";
import type { RewritesInput, UploadPartsFragment } from "../graphql/generated.ts";

type Finding = UploadPartsFragment["findings"][number];
type Held = Pick<UploadPartsFragment, "database" | "media">;

const severities = [
  { severity: "REFUSED", title: "Why it cannot be restored" },
  { severity: "WARNING", title: "Look at this first" },
  { severity: "NOTE", title: "Good to know" },
] as const;

/** The findings by how grave they are, the gravest first; groups without any are left out. */
export const bySeverity = (findings: readonly Finding[]) =>
  severities
    .map((group) => ({ ...group, findings: findings.filter(({ severity }) => severity === group.severity) }))
    .filter((group) => group.findings.length > 0);

/** "line 4,120" or the archive's entry; null where a finding has no place, or its message names it already. */
export function placeOf({ line, entry, message }: Pick<Finding, "line" | "entry" | "message">): string | null {
  if (line !== null) return message.startsWith(`Line ${line}:`) ? null : `line ${line.toLocaleString("en-US")}`;
  return entry !== null && message.includes(entry) ? null : entry;
}

/** "42 tables, 1,204,551 rows, 9,604 files"; null where nothing of it is known yet. */
export function heldWords({ database, media }: Held): string | null {
  const held = [
    ...(database ? [formatCount(database.tables.length, "table"), formatCount(database.rows, "row")] : []),
    ...(media ? [formatCount(media.files, "file")] : []),
  ];
  return held.length > 0 ? held.join(", ") : null;
}

const collation = /\b[a-z0-9]+(?:_[a-z0-9]+)*_(?:ci|cs|bin|nopad_bin|nopad_ci)\b/g;

/** The collations that findings offer to map, each with what it is best mapped to: what the finding's hint proposes. */
export function offeredCollations(findings: readonly Finding[]): { from: string; to: string }[] {
  const offered = findings
    .filter(({ rewrite }) => rewrite === "MAP_COLLATION")
    .map(({ message, hint }) => {
      const [from = ""] = message.match(collation) ?? [];
      const to = (hint?.match(collation) ?? []).find((name) => name !== from) ?? (from.startsWith("utf8mb4") ? "utf8mb4_unicode_ci" : "");
      return { from, to };
    })
    .filter(({ from }) => from !== "");
  return [...new Map(offered.map((pair) => [pair.from, pair])).values()];
}

/** The rewrites as they are asked for; null when there is none. */
export function rewritesOf(stripDefiner: boolean, collations: readonly { from: string; to: string }[]): RewritesInput | null {
  const mapped = collations.filter(({ to }) => to.trim() !== "").map(({ from, to }) => ({ from, to: to.trim() }));
  return stripDefiner || mapped.length > 0 ? { stripDefiner, collations: mapped } : null;
}

/** How far a file is sent: "312 MB of 1.12 GB", "62.0 MB/s", "about 13 s left". */
export function sendingFacts({ sent, size, rate }: { readonly sent: number; readonly size: number; readonly rate: number | null }) {
  return {
    amount: `${formatBytes(sent)} of ${formatBytes(size)}`,
    rate: rate === null ? null : `${formatBytes(rate)}/s`,
    remaining: rate ? `about ${formatDuration(Math.max(1, Math.round((size - sent) / rate)))} left` : null,
  };
}

export interface Sample {
  readonly at: number;
  readonly sent: number;
}

/** Bytes a second over the last five seconds; null while too little is known. `at` in milliseconds. */
export function rateOf(samples: readonly Sample[]): number | null {
  const last = samples.at(-1);
  const first = last && samples.find(({ at }) => last.at - at <= 5000);
  if (!first || last.at - first.at < 500) return null;
  return Math.max(0, ((last.sent - first.sent) / (last.at - first.at)) * 1000);
}

const packings: Record<string, string> = { gz: "gzip", zst: "zstd" };

/** The server's word for what a file is, as a person reads it: "sql.zst" is "SQL dump, zstd". */
export function formatWord(format: string): string {
  const [kind = "", packing] = format.split(".");
  const word = { sql: "SQL dump", tar: "tar archive", zip: "ZIP archive", holdfast: "backup of Holdfast" }[kind] ?? format;
  return packing === undefined ? word : `${word}, ${packings[packing] ?? packing}`;
}

interface Chosen {
  readonly name: string;
  readonly size: number;
}
type Begun = Pick<UploadPartsFragment, "id" | "filename" | "size" | "complete" | "state">;

/** The upload that this file goes on with: begun, not finished, of the same name and size, and by no other file as far as is remembered. */
export function begunWith<T extends Begun>(uploads: readonly T[], file: Chosen, isOther: (id: string) => boolean): T | undefined {
  return uploads.find(
    ({ id, filename, size, complete, state }) =>
      !complete && state === "RECEIVING" && filename === file.name && size === file.size && !isOther(id),
  );
}
