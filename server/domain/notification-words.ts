import type { ErrorCode } from "../../shared/codes.ts";

/** Text of strangers as one line: no control characters, none that turn the direction of what follows, no more than `limit`. */
export function oneLine(text: string, limit = 120): string {
  const line = text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ")
    .replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g, "")
    .replace(/ {2,}/g, " ")
    .trim();
  const signs = [...line];
  return signs.length > limit
    ? `${signs
        .slice(0, limit - 1)
        .join("")
        .trimEnd()}…`
    : line;
}

/** The same for a sentence or two, whose line breaks stay. */
export const someLines = (text: string, limit = 1000): string =>
  text
    .slice(0, limit * 2)
    .split(/\r?\n/)
    .map((line) => oneLine(line, limit))
    .join("\n")
    .slice(0, limit);

/** How long something is or was, for a person: "5 days", "3 hours", "20 minutes". */
export function spanOf(milliseconds: number): string {
  const minutes = Math.max(0, milliseconds) / 60_000;
  const counted = (count: number, unit: string) => `${count} ${unit}${count === 1 ? "" : "s"}`;
  if (minutes < 1) return "less than a minute";
  if (minutes < 90) return counted(Math.round(minutes), "minute");
  if (minutes < 36 * 60) return counted(Math.round(minutes / 60), "hour");
  return counted(Math.round(minutes / (24 * 60)), "day");
}

/** An instant for a person: "Sun 22 Nov 2026, 03:00 (Europe/Berlin)". */
export function momentOf(at: Date, timeZone: string): string {
  const parts = new Intl.DateTimeFormat("en-GB", {
    ...{ timeZone, weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" },
  }).formatToParts(at);
  const part = (type: string) => parts.find((each) => each.type === type)?.value ?? "";
  return `${part("weekday")} ${part("day")} ${part("month")} ${part("year")}, ${part("hour")}:${part("minute")} (${timeZone})`;
}

/** Why something failed, in a few words for a subject line. */
export function shortReason(code: ErrorCode | null, message: string): string {
  if (/wrong user name or password/i.test(message)) return "the database refuses the password";
  const reached = /^Could not reach the database at .+: ([^:]{1,60})\.$/.exec(message)?.[1];
  if (reached) return `the database cannot be reached: ${oneLine(reached, 60)}`;
  return (code && words[code]) ?? "see its log";
}

const words: Readonly<Partial<Record<ErrorCode, string>>> = {
  SOURCE_UNAVAILABLE: "the source cannot be used",
  STORAGE_UNAVAILABLE: "the storage cannot be used",
  STORAGE_FULL: "the storage is full",
  DUMP_FAILED: "the database could not be dumped",
  LOAD_FAILED: "the database could not be loaded",
  ARTIFACT_CORRUPT: "what is stored is damaged",
  ARTIFACT_UNSAFE: "what is stored is not safe to use",
  KEY_MISSING: "a key is missing",
  INTERRUPTED: "Holdfast stopped meanwhile",
  CONFLICT: "something else was under way",
  NOT_FOUND: "something it needs is gone",
  INTERNAL: "an unforeseen error",
};
