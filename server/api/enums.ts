import { registerEnumType } from "type-graphql";
import {
  authenticities,
  backupTypes,
  channelKinds,
  compressions,
  copyStates,
  databaseEngines,
  deliveryStatuses,
  entryKinds,
  exportFormats,
  findingSeverities,
  healthSeverities,
  mediaModes,
  missedRunPolicies,
  notificationEvents,
  operationKinds,
  operationStatuses,
  overlapPolicies,
  phases,
  restoreModes,
  retentionReasons,
  roles,
  scheduleFrequencies,
  scheduleHealths,
  scheduleKinds,
  scheduleRunCauses,
  scheduleRunReasons,
  scheduleRunStates,
  settingOrigins,
  storageKinds,
  triggers,
  uploadStates,
  verificationLevels,
} from "../../shared/enums.ts";

/** The words of shared/enums.ts as enums of the schema, each registered once. */
function named<T extends string>(name: string, words: readonly T[], description?: string): Record<T, T> {
  const values = Object.fromEntries(words.map((word) => [word, word])) as Record<T, T>;
  registerEnumType(values, { name, ...(description ? { description } : {}) });
  return values;
}

export const BackupTypeEnum = named("BackupType", backupTypes);
export const OperationKindEnum = named("OperationKind", operationKinds);
export const OperationStatusEnum = named("OperationStatus", operationStatuses);
export const PhaseEnum = named("Phase", phases);
export const TriggerEnum = named("Trigger", triggers);
export const CompressionEnum = named("Compression", compressions);
export const DatabaseEngineEnum = named(
  "DatabaseEngine",
  databaseEngines,
  "How a database is read. AUTO: by several connections at once where that can serve, else by the dump program. MYSQLDUMP: always by the dump program. PARALLEL: always by several connections; a backup that cannot be taken so fails.",
);
export const MediaModeEnum = named(
  "MediaMode",
  mediaModes,
  "How media are kept. ARCHIVE: one portable tar for each backup. INCREMENTAL: each backup adds only what no earlier one of the source holds, and is a whole one all the same.",
);
export const ExportFormatEnum = named("ExportFormat", exportFormats, "The archives that files of a backup can be taken out in.");
export const CopyStateEnum = named(
  "CopyState",
  copyStates,
  "WAITING: it is still to be written there. DELETING: the storage has not let go of it yet.",
);
export const AuthenticityEnum = named(
  "Authenticity",
  authenticities,
  "AUTHENTIC: written by a key of the key file. UNSIGNED: before manifests were proved. FOREIGN: by a key that is not there. ALTERED: not what was written.",
);
export const RoleEnum = named("Role", roles);
export const StorageKindEnum = named("StorageKind", storageKinds);
export const RestoreModeEnum = named(
  "RestoreMode",
  restoreModes,
  "REPLACE: the target ends exactly as the backup. OVERWRITE: what the backup holds wins, the rest stays. PRESERVE: what exists stays, only what is missing is added.",
);
export const SettingOriginEnum = named("SettingOrigin", settingOrigins);
export const VerificationLevelEnum = named(
  "VerificationLevel",
  verificationLevels,
  "CHECKSUM: every stored byte re-read and compared. RESTORE: restored into a scratch database and compared table by table.",
);
export const ScheduleKindEnum = named("ScheduleKind", scheduleKinds);
export const ScheduleFrequencyEnum = named("ScheduleFrequency", scheduleFrequencies);
export const MissedRunPolicyEnum = named(
  "MissedRunPolicy",
  missedRunPolicies,
  "RUN_ONCE: one run afterwards, if it is not too late for one. SKIP: none.",
);
export const OverlapPolicyEnum = named(
  "OverlapPolicy",
  overlapPolicies,
  "WAIT: the next run begins when the last one has ended. SKIP: it is left out.",
);
export const ScheduleRunCauseEnum = named(
  "ScheduleRunCause",
  scheduleRunCauses,
  "DUE: its time came. CATCH_UP: it was missed, and made up for. MANUAL: somebody asked.",
);
export const ScheduleRunStateEnum = named("ScheduleRunState", scheduleRunStates);
export const ScheduleRunReasonEnum = named("ScheduleRunReason", scheduleRunReasons);
export const ScheduleHealthEnum = named("ScheduleHealth", scheduleHealths, "WAITING: none of its runs has ended yet.");
export const RetentionReasonEnum = named("RetentionReason", retentionReasons);
export const UploadStateEnum = named("UploadState", uploadStates);
export const FindingSeverityEnum = named("FindingSeverity", findingSeverities);
export const HealthSeverityEnum = named(
  "HealthSeverity",
  healthSeverities,
  "ERROR: something does not work. WARNING: it will not, or protects less than it could. NOTE: worth knowing. GOOD: nothing is wrong.",
);
export const EntryKindEnum = named("EntryKind", entryKinds);
export const ChannelKindEnum = named("ChannelKind", channelKinds);
export const NotificationEventEnum = named("NotificationEvent", notificationEvents, "RECOVERED ends whichever of the others lasted.");
export const DeliveryStatusEnum = named("DeliveryStatus", deliveryStatuses);
