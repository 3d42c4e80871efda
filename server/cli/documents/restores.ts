import type { ErrorCode } from "../../../shared/codes.ts";
import type { BackupType, OperationStatus, RestoreMode } from "../../../shared/enums.ts";
import { operationFields } from "./operations.ts";

export interface Forecast {
  readonly mode: RestoreMode;
  readonly bytes: number;
  readonly expectedSeconds: number | null;
  readonly target: { readonly id: string; readonly name: string };
  readonly backup: { readonly id: string; readonly name: string; readonly createdAt: string } | null;
  readonly uploads: readonly { readonly id: string }[];
  readonly database: {
    readonly name: string;
    readonly exists: boolean;
    readonly tablesReplaced: readonly string[];
    readonly tablesAdded: readonly string[];
    readonly tablesRemoved: readonly string[];
    readonly tablesKept: readonly string[];
  } | null;
  readonly media: readonly {
    readonly path: string;
    readonly exists: boolean;
    readonly filesReplaced: number | null;
    readonly filesAdded: number | null;
    readonly filesRemoved: number | null;
    readonly filesKept: number | null;
  }[];
  readonly notes: readonly string[];
  readonly problems: readonly { readonly code: ErrorCode; readonly message: string; readonly hint: string | null }[];
}

export const planDocument = `query ($input: RestoreInput!) { restorePlan(input: $input) {
  mode bytes expectedSeconds spaceNeeded spaceFree
  target { id name } backup { id name createdAt } uploads { id }
  database { name exists tablesReplaced tablesAdded tablesRemoved tablesKept definitionsAdded definitionsRemoved currentRowsEstimate currentBytes }
  media { path exists bytes filesReplaced filesAdded filesRemoved filesKept }
  notes problems { code message hint } } }`;

export interface Restore {
  readonly id: string;
  readonly name: string;
  readonly type: BackupType;
  readonly mode: RestoreMode;
  readonly status: OperationStatus;
  readonly target: { readonly id: string; readonly name: string };
  readonly backup: { readonly id: string; readonly name: string } | null;
  readonly preRestoreBackup: { readonly id: string } | null;
  readonly result: { readonly tables: number; readonly rows: number; readonly files: number } | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly durationSeconds: number | null;
  readonly error: { readonly code: string; readonly message: string; readonly hint: string | null } | null;
}

const restoreFields = `${operationFields} name type mode target { id name } backup { id name } preRestoreBackup { id }
  result { tables rows views triggers routines events files directories switchSeconds }`;

export const restoreDocument = `query ($id: ID!) { restore(id: $id) { ${restoreFields} } }`;
export const restoresDocument = `query ($first: Int) { restores(first: $first) { totalCount nodes { ${restoreFields} } } }`;
export const createRestoreDocument = "mutation ($input: RestoreInput!) { createRestore(input: $input) { id } }";
