/** The words of the public API, as const objects with union types: both sides run them, neither repeats them. */
const words = <const T extends string>(...names: readonly T[]) => names;

export const backupTypes = words("DATABASE", "MEDIA", "FULL");
export type BackupType = (typeof backupTypes)[number];

export const operationKinds = words("BACKUP", "RESTORE", "VERIFICATION", "CLEANUP", "COPY");
export type OperationKind = (typeof operationKinds)[number];

export const operationStatuses = words("QUEUED", "RUNNING", "COMPLETED", "FAILED", "CANCELLED");
export type OperationStatus = (typeof operationStatuses)[number];

export const phases = words("PREPARING", "DATABASE", "MEDIA", "STORING", "VERIFYING", "SWITCHING", "FINISHING");
export type Phase = (typeof phases)[number];

export const triggers = words("MANUAL", "SCHEDULE", "PRE_RESTORE", "CLI", "API");
export type Trigger = (typeof triggers)[number];

export const compressions = words("NONE", "GZIP", "ZSTD");
export type Compression = (typeof compressions)[number];

/** How a database is read. AUTO: by several connections at once where that can serve, else by the dump program. */
export const databaseEngines = words("AUTO", "MYSQLDUMP", "PARALLEL");
export type DatabaseEngine = (typeof databaseEngines)[number];

/** How media are kept. ARCHIVE: one portable tar for each backup. INCREMENTAL: each backup adds only what no earlier one holds. */
export const mediaModes = words("ARCHIVE", "INCREMENTAL");
export type MediaMode = (typeof mediaModes)[number];

export const roles = words("ADMIN", "OPERATOR", "VIEWER");
export type Role = (typeof roles)[number];

export const storageKinds = words("LOCAL", "S3", "SFTP");
export type StorageKind = (typeof storageKinds)[number];

/** What became of a backup on one of its storages. WAITING: it is still to be written there. DELETING: the storage has not let go of it yet. */
export const copyStates = words("WAITING", "STORED", "FAILED", "DELETING");
export type CopyState = (typeof copyStates)[number];

/**
 * Whether a manifest is what its Holdfast wrote. UNSIGNED: written before manifests were authenticated. FOREIGN: by a
 * Holdfast with another key. ALTERED: changed, moved or put back since.
 */
export const authenticities = words("AUTHENTIC", "UNSIGNED", "FOREIGN", "ALTERED");
export type Authenticity = (typeof authenticities)[number];

/** How a part of the whole fares. NOTE: worth knowing, nothing to mend. */
export const healthSeverities = words("ERROR", "WARNING", "NOTE", "GOOD");
export type HealthSeverity = (typeof healthSeverities)[number];

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

export const scheduleKinds = words("BACKUP", "RESTORE", "VERIFICATION");
export type ScheduleKind = (typeof scheduleKinds)[number];

export const scheduleFrequencies = words("DAILY", "WEEKLY", "MONTHLY", "CRON");
export type ScheduleFrequency = (typeof scheduleFrequencies)[number];

/** What becomes of due times that passed while nothing could start: one run afterwards, or none. */
export const missedRunPolicies = words("RUN_ONCE", "SKIP");
export type MissedRunPolicy = (typeof missedRunPolicies)[number];

/** What becomes of a due time while the schedule's last run has not ended. */
export const overlapPolicies = words("WAIT", "SKIP");
export type OverlapPolicy = (typeof overlapPolicies)[number];

/** Why a schedule ran: its time came, a missed time was caught up with, or somebody asked. */
export const scheduleRunCauses = words("DUE", "CATCH_UP", "MANUAL");
export type ScheduleRunCause = (typeof scheduleRunCauses)[number];

/** What became of one due time of a schedule. WAITING: for jitter, quiet hours, the run before it, or the next try. */
export const scheduleRunStates = words("WAITING", "STARTED", "COMPLETED", "FAILED", "CANCELLED", "SKIPPED");
export type ScheduleRunState = (typeof scheduleRunStates)[number];

/** Why a run waits or was skipped. */
export const scheduleRunReasons = words("MISSED", "OVERLAP", "QUIET_HOURS", "JITTER", "RETRY", "PAUSED", "NOTHING_TO_DO", "REFUSED");
export type ScheduleRunReason = (typeof scheduleRunReasons)[number];

/** How a schedule fares. WAITING: none of its runs has ended yet. */
export const scheduleHealths = words("GOOD", "WAITING", "FAILING", "MISSED", "PAUSED");
export type ScheduleHealth = (typeof scheduleHealths)[number];

export const channelKinds = words("EMAIL", "SLACK", "DISCORD", "TEAMS", "TELEGRAM", "NTFY", "WEBHOOK", "HEARTBEAT");
export type ChannelKind = (typeof channelKinds)[number];

/** What people are told of. RECOVERED ends whichever of the others lasted. */
export const notificationEvents = words(
  "BACKUP_FAILED",
  "BACKUP_MISSED",
  "BACKUP_OVERDUE",
  "VERIFICATION_FAILED",
  "RESTORE_FAILED",
  "STORAGE_LOW",
  "STORAGE_UNREACHABLE",
  "COPIES_MISSING",
  "SIZE_ANOMALY",
  "CLEANUP_REFUSED",
  "SCHEDULE_PAUSED",
  "RECOVERED",
  "SUCCEEDED",
  "DIGEST",
  "TEST",
);
export type NotificationEvent = (typeof notificationEvents)[number];

export const deliveryStatuses = words("QUEUED", "SENT", "FAILED");
export type DeliveryStatus = (typeof deliveryStatuses)[number];

/** Where the value of a setting comes from. */
export const settingOrigins = words("DEFAULT", "ENVIRONMENT", "DASHBOARD");
export type SettingOrigin = (typeof settingOrigins)[number];

/** Why retention keeps a backup, the strongest first, or lets it go. */
export const retentionReasons = words(
  "PINNED",
  "IN_USE",
  "NEWEST_GOOD",
  "NEWEST_PROVEN",
  "KEEP_LAST",
  "DAYS",
  "DAILY",
  "WEEKLY",
  "MONTHLY",
  "YEARLY",
  "EXPIRED",
  "SIZE_CAP",
);
export type RetentionReason = (typeof retentionReasons)[number];

/** The archives that files of a backup can be taken out in. */
export const exportFormats = words("ZIP", "TAR");
export type ExportFormat = (typeof exportFormats)[number];

export const logLevels = words("INFO", "WARN", "ERROR");
export type LogLevel = (typeof logLevels)[number];
