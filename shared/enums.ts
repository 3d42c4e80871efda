/** The words of the public API, as const objects with union types: both sides run them, neither repeats them. */
const words = <const T extends string>(...names: readonly T[]) => names;

export const backupTypes = words("DATABASE", "MEDIA", "FULL");
export type BackupType = (typeof backupTypes)[number];

export const operationKinds = words("BACKUP", "RESTORE", "VERIFICATION", "CLEANUP");
export type OperationKind = (typeof operationKinds)[number];

export const operationStatuses = words("QUEUED", "RUNNING", "COMPLETED", "FAILED", "CANCELLED");
export type OperationStatus = (typeof operationStatuses)[number];

export const phases = words("PREPARING", "DATABASE", "MEDIA", "STORING", "VERIFYING", "SWITCHING", "FINISHING");
export type Phase = (typeof phases)[number];

export const triggers = words("MANUAL", "SCHEDULE", "PRE_RESTORE", "CLI", "API");
export type Trigger = (typeof triggers)[number];

export const compressions = words("NONE", "GZIP", "ZSTD");
export type Compression = (typeof compressions)[number];

export const roles = words("ADMIN", "OPERATOR", "VIEWER");
export type Role = (typeof roles)[number];

export const storageKinds = words("LOCAL");
export type StorageKind = (typeof storageKinds)[number];

export const restoreModes = words("REPLACE", "OVERWRITE", "PRESERVE");
export type RestoreMode = (typeof restoreModes)[number];

export const verificationLevels = words("CHECKSUM", "RESTORE");
export type VerificationLevel = (typeof verificationLevels)[number];

export const uploadStates = words("RECEIVING", "INSPECTING", "READY", "REFUSED");
export type UploadState = (typeof uploadStates)[number];

export const findingSeverities = words("REFUSED", "WARNING", "NOTE");
export type FindingSeverity = (typeof findingSeverities)[number];

export const entryKinds = words("FILE", "DIRECTORY", "LINK");
export type EntryKind = (typeof entryKinds)[number];

export const logLevels = words("INFO", "WARN", "ERROR");
export type LogLevel = (typeof logLevels)[number];
