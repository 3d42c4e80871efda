import { type HealthSeverity, healthSeverities } from "../../shared/enums.ts";

/** One thing that was looked at: what was found, and how to mend it where it is wrong. */
export interface HealthCheck {
  /** A stable name such as `storage.reach`; with `subjectId` it is unique. */
  readonly check: string;
  readonly severity: HealthSeverity;
  /** What it is about, for a person: "Source Shop". */
  readonly subject: string;
  readonly subjectId: string | null;
  readonly message: string;
  readonly hint: string | null;
  /** Where in the dashboard it is mended, such as `/storages/ID`. */
  readonly place: string | null;
  /** A command that mends it, to be copied. */
  readonly command: string | null;
}

/** All that was looked at, what is worst first. */
export interface Health {
  readonly at: Date;
  /** The worst of all. */
  readonly severity: HealthSeverity;
  readonly checks: readonly HealthCheck[];
}

const rank = (severity: HealthSeverity) => healthSeverities.indexOf(severity);

/** Puts what was found in order: what is worst first, then by subject and name. */
export function healthOf(at: Date, found: readonly HealthCheck[]): Health {
  const checks = [...found].sort(
    (a, b) => rank(a.severity) - rank(b.severity) || a.subject.localeCompare(b.subject) || a.check.localeCompare(b.check),
  );
  return { at, severity: checks[0]?.severity ?? "GOOD", checks };
}

/** What two looks must have in common to tell the same: which checks stand how. Numbers in a sentence change all the time. */
export const standingOf = ({ checks }: Health): string =>
  checks
    .map(({ check, subjectId, severity }) => `${check} ${subjectId ?? ""} ${severity}`)
    .sort()
    .join("\n");
