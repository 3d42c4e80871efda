import type {
  BackupType,
  Compression,
  DatabaseEngine,
  MediaMode,
  MissedRunPolicy,
  OverlapPolicy,
  RestoreMode,
  ScheduleFrequency,
  ScheduleKind,
  VerificationLevel,
} from "../../shared/enums.ts";
import type { SourceId, StorageId } from "./ids.ts";
import type { Retention } from "./retention.ts";

/** When a schedule is due, in its own time zone. Which of the fields count, `frequency` says. */
export interface Recurrence {
  readonly frequency: ScheduleFrequency;
  /** HH:MM, local to `timeZone`. */
  readonly timeOfDay: string | null;
  /** 0 Sunday to 6 Saturday. */
  readonly dayOfWeek: number | null;
  /** 1 to 31; a month without that day is due on its last day. */
  readonly dayOfMonth: number | null;
  /** Five fields. */
  readonly cron: string | null;
  /** An IANA name. */
  readonly timeZone: string;
}

/** A daily span of local time in which nothing is started; it may cross midnight. HH:MM. */
export interface QuietHours {
  readonly from: string;
  readonly to: string;
}

/** What a schedule does and by which rules, as it is stored. */
export interface ScheduleDefinition extends Recurrence {
  readonly name: string;
  readonly kind: ScheduleKind;
  readonly sourceId: SourceId;
  /** Null: the default storage at the time of each run. */
  readonly storageId: StorageId | null;
  /** Further storages for each backup. */
  readonly otherStorageIds: readonly StorageId[] | null;
  readonly backupType: BackupType;
  readonly compression: Compression | null;
  readonly excludeLogs: boolean;
  /** Null: as the settings say. */
  readonly encrypt: boolean | null;
  /** Null: as the source says. */
  readonly databaseEngine: DatabaseEngine | null;
  readonly mediaMode: MediaMode | null;
  /** Null: the global default. */
  readonly retention: Retention | null;
  readonly verifyAfter: VerificationLevel | null;
  readonly missedRuns: MissedRunPolicy;
  /** How late a missed time may still be caught up with, in minutes. */
  readonly graceMinutes: number;
  readonly overlap: OverlapPolicy;
  /** Each run starts up to so many seconds late, spread over the schedules. */
  readonly jitterSeconds: number;
  readonly quietHours: QuietHours | null;
  /** How often a failure that may pass is tried again. */
  readonly retries: number;
  /** RESTORE: which source the newest backup goes into, and how. */
  readonly targetSourceId: SourceId | null;
  readonly restoreMode: RestoreMode | null;
  /** VERIFICATION: at which level the newest backup is verified. */
  readonly level: VerificationLevel | null;
}
