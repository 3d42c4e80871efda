import type { OperationStatus, VerificationLevel } from "../../../shared/enums.ts";

export const verificationFields =
  "id level status passed problems filesChecked bytesChecked restoreSeconds finishedAt durationSeconds backup { id name } tables { table expectedRows restoredRows matches problem }";

/** A verification, with what it found. */
export interface Verification {
  readonly id: string;
  readonly level: VerificationLevel;
  readonly status: OperationStatus;
  readonly passed: boolean | null;
  readonly problems: readonly string[];
  readonly filesChecked: number | null;
  readonly bytesChecked: number | null;
  readonly restoreSeconds: number | null;
  readonly finishedAt: string | null;
  readonly durationSeconds: number | null;
  readonly backup: { readonly id: string; readonly name: string };
  readonly tables: readonly {
    readonly table: string;
    readonly expectedRows: number;
    readonly restoredRows: number;
    readonly matches: boolean;
  }[];
}

export const verifyDocument = "mutation ($id: ID!, $level: VerificationLevel!) { verifyBackup(id: $id, level: $level) { id } }";
export const verificationDocument = `query ($id: ID!) { verification(id: $id) { ${verificationFields} } }`;
/** The verifications of one backup, newest first. */
export const verificationsOfDocument = "query ($id: ID!) { backup(id: $id) { verify verifications { id } } }";
