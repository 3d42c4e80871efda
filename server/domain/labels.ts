import type { Authentication } from "./manifest.ts";

/** What may be changed about a complete backup. */
export interface LabelValues {
  readonly name: string;
  readonly description: string | null;
  readonly pinned: boolean;
}

/** The record beside a backup's manifest, which itself never changes: the highest version is what counts. */
export interface Labels extends LabelValues {
  readonly format: 1;
  readonly backupId: string;
  /** The backup's folder: labels that lie elsewhere were moved. */
  readonly folder: string;
  readonly version: number;
  readonly changedAt: string;
  readonly authentication: Authentication | null;
}

/** Whether both say the same of a backup. */
export const sameLabels = (a: LabelValues, b: LabelValues): boolean =>
  a.name === b.name && a.description === b.description && a.pinned === b.pinned;
