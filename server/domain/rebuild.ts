import type { BackupId, SourceId, StorageId } from "./ids.ts";

/** What was found on a storage, and what came of it. */
export interface RebuildReport {
  readonly storageId: StorageId;
  readonly dryRun: boolean;
  /** Complete backups. */
  readonly found: number;
  readonly adopted: number;
  /** Further copies of backups that the catalog knew. */
  readonly copies: number;
  readonly known: number;
  /** Of another Holdfast, and left alone. */
  readonly foreign: number;
  /** The first of these. */
  readonly foreignBackups: readonly ForeignBackup[];
  readonly problems: readonly RebuildProblem[];
  /** The catalog says that they lie here, and they do not. */
  readonly missing: readonly BackupId[];
  /** Sources that came with the backups. */
  readonly sourceIds: readonly SourceId[];
  /** What has to be known or done now, as sentences. */
  readonly notes: readonly string[];
}

export interface ForeignBackup {
  readonly folder: string;
  readonly name: string;
  readonly source: string;
  /** The key of whoever wrote it. */
  readonly keyId: string | null;
}

export interface RebuildProblem {
  readonly folder: string;
  readonly message: string;
}

/** Longer lists help nobody, and take memory. */
export const listedAtMost = 1000;
