import { type OperationRecord, progressOf, type StoredKind } from "../db/operations.ts";
import type { BackupId, CleanupId, CopyId, OperationId, RestoreId, VerificationId } from "../domain/ids.ts";
import type { Progress } from "../domain/progress.ts";

import type { Bus } from "../events/bus.ts";

export type { LogLine, OperationRecord } from "../db/operations.ts";

/** What a row is: each kind has a column that no other has. */
export const kindOf = (row: OperationRecord): StoredKind =>
  "targetSourceId" in row
    ? "RESTORE"
    : "level" in row
      ? "VERIFICATION"
      : "removedCount" in row
        ? "CLEANUP"
        : "folder" in row
          ? "BACKUP"
          : "COPY";

/** Says that an operation has something new to read. */
export function publishChange(bus: Bus, kind: StoredKind, id: OperationId): void {
  switch (kind) {
    case "BACKUP":
      bus.publish("backup", { id: id as BackupId });
      break;
    case "RESTORE":
      bus.publish("restore", { id: id as RestoreId });
      break;
    case "VERIFICATION":
      bus.publish("verification", { id: id as VerificationId });
      break;
    case "CLEANUP":
      bus.publish("cleanup", { id: id as CleanupId });
      break;
    case "COPY":
      bus.publish("copy", { id: id as CopyId });
      break;
    default:
      throw kind satisfies never;
  }
}

/** Seconds from its start to its end; null until it ended. */
export const durationOf = ({ startedAt, finishedAt }: OperationRecord): number | null =>
  startedAt && finishedAt ? (finishedAt.getTime() - startedAt.getTime()) / 1000 : null;

/** Why it ended without completing; null when it did not. */
export const errorOf = (row: OperationRecord) =>
  row.errorCode && row.errorMessage ? { code: row.errorCode, message: row.errorMessage, hint: row.errorHint } : null;

/** The progress that the row holds. */
export const storedProgressOf = (row: OperationRecord): Progress => progressOf(kindOf(row), row);
