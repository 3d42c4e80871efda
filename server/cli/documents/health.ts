import type { Health as HealthNow } from "../../domain/health.ts";

/** As it comes over the wire. */
export type Health = Omit<HealthNow, "at"> & { readonly at: string };

/** Who runs the doctor wants to know what holds now. */
export const healthDocument = `{ system { version catalog home }
  health(fresh: true) { at severity checks { check severity subject subjectId message hint place command } } }`;

export interface Examined {
  readonly system: { readonly version: string; readonly catalog: string; readonly home: string };
  readonly health: Health;
}
