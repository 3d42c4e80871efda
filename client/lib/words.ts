import type { BackupType, Compression, OperationKind, OperationStatus, Role, Trigger } from "../../shared/enums.ts";

/** The API's words as a person reads them. */
export const typeWord: Record<BackupType, string> = { FULL: "Full", DATABASE: "Database", MEDIA: "Media" };

export const triggerWord: Record<Trigger, string> = {
  MANUAL: "By hand",
  SCHEDULE: "Scheduled",
  PRE_RESTORE: "Before a restore",
  CLI: "Command line",
  API: "API",
};

export const compressionWord: Record<Compression, string> = { NONE: "None", GZIP: "gzip", ZSTD: "zstd" };

export const roleWord: Record<Role, string> = { ADMIN: "Administrator", OPERATOR: "Operator", VIEWER: "Viewer" };

export const kindWord: Record<OperationKind, string> = {
  BACKUP: "Backup",
  RESTORE: "Restore",
  VERIFICATION: "Verification",
  CLEANUP: "Cleanup",
  COPY: "Copy",
};

/** What a finished or pending operation is called: a backup is stored, a restore is restored. */
export function statusWord(status: OperationStatus, kind: OperationKind): string {
  if (status === "COMPLETED")
    return { BACKUP: "Stored", RESTORE: "Restored", VERIFICATION: "Verified", CLEANUP: "Cleaned up", COPY: "Copied" }[kind];
  return { QUEUED: "Waiting", RUNNING: "Running", FAILED: "Failed", CANCELLED: "Cancelled" }[status];
}

/** The type of backup that leaves out nothing of a source. */
export function wholeType(source: { readonly database: object | null; readonly mediaPaths: readonly string[] }): BackupType {
  if (!source.database) return "MEDIA";
  return source.mediaPaths.length > 0 ? "FULL" : "DATABASE";
}

type Parts = { readonly database?: object | null | undefined; readonly mediaPaths: readonly string[] };

/** What can be backed up of a source, or restored into it: all of it first. */
export function partsOf(source: Parts | undefined): BackupType[] {
  if (!source?.database) return ["MEDIA"];
  return source.mediaPaths.length > 0 ? ["FULL", "DATABASE", "MEDIA"] : ["DATABASE"];
}
