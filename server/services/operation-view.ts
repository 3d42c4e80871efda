import { type OperationRecord, progressOf, type StoredKind } from "../db/operations.ts";
import type { Progress } from "../domain/progress.ts";

export type { LogLine, OperationRecord } from "../db/operations.ts";

/** What a row is: each kind has a column that no other has. */
export const kindOf = (row: OperationRecord): StoredKind => ("targetSourceId" in row ? "RESTORE" : "BACKUP");

/** Seconds from its start to its end; null until it ended. */
export const durationOf = ({ startedAt, finishedAt }: OperationRecord): number | null =>
  startedAt && finishedAt ? (finishedAt.getTime() - startedAt.getTime()) / 1000 : null;

/** Why it ended without completing; null when it did not. */
export const errorOf = (row: OperationRecord) =>
  row.errorCode && row.errorMessage ? { code: row.errorCode, message: row.errorMessage, hint: row.errorHint } : null;

/** The progress that the row holds. */
export const storedProgressOf = (row: OperationRecord): Progress => progressOf(kindOf(row), row);
