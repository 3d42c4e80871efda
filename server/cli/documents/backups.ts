import type { BackupType, CopyState, DatabaseEngine, MediaMode, OperationStatus, Trigger } from "../../../shared/enums.ts";
import { operationFields } from "./operations.ts";
import { type Verification, verificationFields } from "./verifications.ts";

const backupFields = `${operationFields} name description type trigger encrypted keyId pinned folder size storedSize warnings
  addedSize mediaMode databaseEngine engineUsed engineReason sourceLoad { connections busiest average lockMilliseconds bytesPerSecond }
  source { id name } storage { id name location } copies { state problem retryAt primary storage { id name location } } artifacts { name part size storedSize sha256 }`;
const proofFields = "verifications { level status passed finishedAt }";

export interface Backup {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly type: BackupType;
  readonly status: OperationStatus;
  readonly trigger: Trigger;
  readonly encrypted: boolean;
  readonly keyId: string | null;
  readonly pinned: boolean;
  readonly folder: string;
  readonly size: number | null;
  readonly storedSize: number | null;
  readonly warnings: readonly string[];
  readonly addedSize: number | null;
  readonly mediaMode: MediaMode;
  readonly databaseEngine: DatabaseEngine;
  readonly engineUsed: DatabaseEngine | null;
  readonly engineReason: string | null;
  readonly sourceLoad: {
    readonly connections: number;
    readonly busiest: number | null;
    readonly average: number | null;
    readonly lockMilliseconds: number | null;
    readonly bytesPerSecond: number;
  } | null;
  readonly source: { readonly id: string; readonly name: string };
  readonly storage: { readonly id: string; readonly name: string; readonly location: string };
  readonly copies: readonly {
    readonly state: CopyState;
    readonly problem: string | null;
    readonly retryAt: string | null;
    readonly primary: boolean;
    readonly storage: { readonly id: string; readonly name: string; readonly location: string };
  }[];
  readonly artifacts: readonly {
    readonly name: string;
    readonly part: string;
    readonly size: number;
    readonly storedSize: number;
    readonly sha256: string;
  }[];
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly durationSeconds: number | null;
  readonly error: { readonly code: string; readonly message: string; readonly hint: string | null } | null;
}

/** What a list needs to say whether a backup is proven. */
export type Proven = Pick<Verification, "level" | "status" | "passed" | "finishedAt">;

export interface ShownBackup extends Backup {
  readonly database: { readonly rows: number; readonly tables: readonly unknown[] } | null;
  readonly media: { readonly files: number } | null;
  readonly restoreCommands: readonly string[];
  readonly verifications: readonly Proven[];
  readonly lastVerification: Verification | null;
}

export const backupsDocument = `query ($first: Int, $filter: BackupFilter) {
  backups(first: $first, filter: $filter) { totalCount nodes { ${backupFields} ${proofFields} } } }`;

export const backupDocument = `query ($id: ID!) { backup(id: $id) { ${backupFields} } }`;

export const shownBackupDocument = `query ($id: ID!) { backup(id: $id) { ${backupFields} ${proofFields} restoreCommands
  database { name serverVersion characterSet rows tables { name rows bytes engine } definitions { views triggers procedures functions events } notes }
  media { files directories links roots { path prefix } problems { path problem } }
  lastVerification { ${verificationFields} } } }`;

export const createBackupDocument = "mutation ($input: CreateBackupInput!) { createBackup(input: $input) { id } }";
export interface Copy {
  readonly id: string;
  readonly storage: { readonly name: string };
}
export const copyBackupDocument =
  "mutation ($id: ID!, $storageId: ID!) { copyBackup(id: $id, storageId: $storageId) { id storage { name } } }";
export const removeCopyDocument = `mutation ($id: ID!, $storageId: ID!) { removeCopy(id: $id, storageId: $storageId) {
  copies { state problem retryAt primary storage { id name location } } } }`;
export const deleteBackupDocument = "mutation ($id: ID!) { deleteBackup(id: $id) }";
