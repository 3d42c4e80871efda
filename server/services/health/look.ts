import type { HealthSeverity } from "../../../shared/enums.ts";
import type { HealthCheck } from "../../domain/health.ts";

/** One thing to look at, and what to call it where the look itself fails. */
export interface Look {
  readonly check: string;
  readonly subject: string;
  readonly subjectId: string | null;
  readonly place: string | null;
  readonly look: () => Promise<readonly HealthCheck[]>;
}

/** Checks of one kind. `looks` names what there is to look at; it reads the catalog only. */
export interface HealthGroup {
  readonly name: string;
  readonly looks: () => Promise<readonly Look[]>;
}

/** What a check is about, and where it is mended. */
export interface Subject {
  readonly subject: string;
  readonly subjectId: string | null;
  readonly place: string | null;
}

type Mending = Partial<Pick<HealthCheck, "hint" | "command" | "place">>;

/** Says what was found about one subject. */
export const about =
  (subject: Subject) =>
  (check: string, severity: HealthSeverity, message: string, mending: Mending = {}): HealthCheck => ({
    ...{ check, severity, message, hint: null, command: null },
    ...subject,
    ...mending,
  });

export type Say = ReturnType<typeof about>;
