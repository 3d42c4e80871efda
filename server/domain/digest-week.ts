import { formatBytes, formatDuration } from "../../shared/format.ts";
import { spanOf } from "./notification-words.ts";

/** How a day went for a source, the best first. */
export const dayStates = ["proven", "stored", "failed", "missed", "none"] as const;
export type DayState = (typeof dayStates)[number];

export interface DigestDay {
  /** YYYY-MM-DD, in the settings' zone. */
  readonly name: string;
  readonly state: DayState;
  /** Backups that failed that day, beside what came of it. */
  readonly failures: number;
}

/** What the week was for one source. */
export interface DigestSource {
  readonly name: string;
  readonly days: readonly DigestDay[];
  readonly lastGoodAt: Date | null;
  readonly lastProvenAt: Date | null;
  readonly restoreSeconds: number | null;
  readonly storedBytes: number;
  readonly addedBytes: number;
}

export interface Week {
  readonly at: Date;
  readonly sources: readonly DigestSource[];
  /** Titles of what is wrong now. */
  readonly attention: readonly string[];
}

/** How a day went, told from what happened on it. */
export function stateOf(day: {
  readonly stored: number;
  readonly proven: number;
  readonly failed: number;
  readonly missed: number;
}): DayState {
  if (day.proven > 0) return "proven";
  if (day.stored > 0) return "stored";
  if (day.failed > 0) return "failed";
  return day.missed > 0 ? "missed" : "none";
}

/** `Mon 23`. */
export const dayName = (name: string): string =>
  new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", weekday: "short", day: "numeric" }).format(new Date(`${name}T00:00:00Z`));

/** What is known of a source beside its days, as name and value. */
export function factsOf(source: DigestSource, at: Date): readonly (readonly [name: string, value: string])[] {
  const age = (since: Date | null) => (since ? `${spanOf(at.getTime() - since.getTime())} ago` : "never");
  return [
    ["Last good backup", age(source.lastGoodAt)],
    ["Last proven by a restore", age(source.lastProvenAt)],
    ["Time to recover", source.restoreSeconds === null ? "not measured yet" : `about ${formatDuration(source.restoreSeconds)}`],
    ["Stored", `${formatBytes(source.storedBytes)}, of which ${formatBytes(source.addedBytes)} this week`],
  ];
}
