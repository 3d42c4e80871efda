import { retentionLimits } from "../../shared/limits.ts";
import type { FailureView } from "./failures.ts";
import { type Limits, limitWords } from "./retention-words.ts";

/** The fields of the form that something can be wrong with, in their order on the page. */
export type ScheduleField =
  | "source"
  | "target"
  | "time"
  | "cron"
  | "zone"
  | "name"
  | "retention"
  | "grace"
  | "jitter"
  | "retries"
  | "quiet";
/** Those of the sentence, without which nobody can say when it would run. */
export const sentenceFields: readonly ScheduleField[] = ["source", "target", "time", "cron", "zone"];

export interface ScheduleFault {
  readonly field: ScheduleField;
  readonly text: string;
}

export const faultAt = (field: ScheduleField, text: string): ScheduleFault => ({ field, text });

/** Which field a refusal of the server speaks of; null where it speaks of the whole. */
export function fieldOf({ reason, message }: Pick<FailureView, "reason" | "message">): ScheduleField | null {
  switch (reason) {
    case "CRON_INVALID":
    case "CRON_NEVER":
    case "TOO_FREQUENT":
      return "cron";
    case "TIMEZONE_UNKNOWN":
      return "zone";
    case "RETENTION_INVALID":
      return "retention";
    default:
      return words.find(([word]) => message.includes(word))?.[1] ?? null;
  }
}

/** What stands in a refusal that has no reason of its own. */
const words: readonly [word: string, field: ScheduleField][] = [
  ["`jitterSeconds`", "jitter"],
  ["`graceMinutes`", "grace"],
  ["`retries`", "retries"],
  ["uiet", "quiet"],
  ["`timeOfDay`", "time"],
  ["`targetSourceId`", "target"],
];

/** A time as people type it, in the form that the API takes: "3", "300", "3.00" and "3:00" are "03:00"; null for what is none. */
export function timeOf(typed: string): string | null {
  const found = /^(\d{1,2})(?:[:.h ]?([0-5]\d))?$/.exec(typed.trim());
  const [hour, minute] = [Number(found?.[1]), found?.[2] ?? "00"];
  return found && hour < 24 ? `${String(hour).padStart(2, "0")}:${minute}` : null;
}

/** What is wrong with limits of retention by themselves; null when nothing is. */
export function limitsFaultOf(limits: Limits): string | null {
  const most = (key: keyof Limits) => (key === "days" ? retentionLimits.days : retentionLimits.count).max;
  const wrong = limitWords.find(({ key }) => limits[key] !== null && !isCount(limits[key], 1, most(key)));
  if (wrong) return `Limits: write how many ${wrong.many} as a whole number from 1 to ${most(wrong.key).toLocaleString("en-US")}.`;
  return Object.values(limits).every((limit) => limit === null) ? "Set one limit at least, or use the general rule." : null;
}

/** Whether a field holds a whole number within its bounds; an empty one is null. */
export const isCount = (value: number | null, least: number, most: number): boolean =>
  value !== null && Number.isInteger(value) && value >= least && value <= most;
