import { type HealthSeverity, healthSeverities } from "../../shared/enums.ts";
import { formatCount } from "../../shared/format.ts";
import type { HealthPartsFragment } from "../graphql/generated.ts";

export type Check = HealthPartsFragment["checks"][number];
type Checks = readonly Pick<Check, "severity">[];

/** The heading over what is of one severity. */
export const severityHeading: Record<HealthSeverity, string> = {
  ERROR: "Wrong now",
  WARNING: "Needs attention",
  NOTE: "Worth knowing",
  GOOD: "In order",
};

/** What the mark of one says to who does not see it. */
export const severityWord: Record<HealthSeverity, string> = { ERROR: "Wrong", WARNING: "Attention", NOTE: "Note", GOOD: "In order" };

/** The checks by severity, the worst first; what nothing was found of is left out. */
export const worstFirst = (checks: readonly Check[]): { readonly severity: HealthSeverity; readonly checks: readonly Check[] }[] =>
  healthSeverities
    .map((severity) => ({ severity, checks: checks.filter((check) => check.severity === severity) }))
    .filter(({ checks: found }) => found.length > 0);

/** How much somebody has to do something about. */
export const attention = (checks: Checks): number => checks.filter(({ severity }) => severity === "ERROR" || severity === "WARNING").length;

/** "2 things need attention"; null when nothing does. */
export function attentionWords(checks: Checks): string | null {
  const count = attention(checks);
  return count === 0 ? null : `${formatCount(count, "thing")} ${count === 1 ? "needs" : "need"} attention`;
}

/** The first sentence of the page. */
export function healthSentence(checks: Checks): string {
  const wrong = attentionWords(checks);
  return wrong === null ? "All is well." : `${wrong}.`;
}

/** How much was looked at, to go before the moment: "14 things were looked at". */
export const lookedWords = (checks: Checks): string => `${formatCount(checks.length, "thing was", "things were")} looked at`;

/** Where a check is mended, down to the part of the page. */
export const placeOf = ({ check, place }: Pick<Check, "check" | "place">): string | null =>
  place === "/settings" && check.startsWith("key.") ? "/settings#encryption" : place;

/** What the link of a check does: it leads to where that is mended, or made. */
export function placeWords(place: string): string {
  const [, first = "", second] = place.split(/[/?#]/);
  if (second === "new" && made[first]) return made[first];
  const singular: Record<string, string> = {
    storages: "the storage",
    sources: "the source",
    schedules: "the schedule",
    backups: "the backup",
    notifications: "the notifications",
    settings: "the settings",
    activity: "the activity",
    cleanup: "the cleanup",
  };
  return `Open ${singular[first] ?? "the place"}`;
}

const made: Readonly<Record<string, string>> = {
  storages: "Add a storage",
  sources: "Add a source",
  schedules: "Make a schedule",
  backups: "Back up now",
  notifications: "Add a channel",
};

/** What tells one check from all others. */
export const checkKey = ({ check, subjectId, subject }: Pick<Check, "check" | "subjectId" | "subject">): string =>
  `${check} ${subjectId ?? subject}`;
