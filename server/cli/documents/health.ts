import type { HealthSeverity } from "../../../shared/enums.ts";

export interface HealthCheck {
  readonly check: string;
  readonly severity: HealthSeverity;
  readonly subject: string;
  readonly subjectId: string | null;
  readonly message: string;
  readonly hint: string | null;
  readonly place: string | null;
  readonly command: string | null;
}

export interface Health {
  readonly at: string;
  readonly severity: HealthSeverity;
  readonly checks: readonly HealthCheck[];
}

/** Who runs the doctor wants to know what holds now. */
export const healthDocument = `{ system { version catalog home }
  health(fresh: true) { at severity checks { check severity subject subjectId message hint place command } } }`;

export interface Examined {
  readonly system: { readonly version: string; readonly catalog: string; readonly home: string };
  readonly health: Health;
}
