import { Field, ID, InputType, Int } from "type-graphql";
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
} from "../../../shared/enums.ts";
import type { SourceId, StorageId } from "../../domain/ids.ts";
import {
  BackupTypeEnum,
  CompressionEnum,
  DatabaseEngineEnum,
  MediaModeEnum,
  MissedRunPolicyEnum,
  OverlapPolicyEnum,
  RestoreModeEnum,
  ScheduleFrequencyEnum,
  ScheduleKindEnum,
  VerificationLevelEnum,
} from "../enums.ts";
import { RetentionInput } from "../retention/type.ts";

@InputType({ description: "HH:MM, local to the schedule's zone; they may cross midnight." })
export class QuietHoursInput {
  @Field(() => String) from!: string;
  @Field(() => String) to!: string;
}

@InputType({
  description:
    "The whole schedule: an update replaces all of it. Fields that its frequency or its kind has no use for are left out of what is kept.",
})
export class ScheduleInput {
  @Field(() => String) name!: string;
  @Field(() => ScheduleKindEnum, { nullable: true, defaultValue: "BACKUP" }) kind?: ScheduleKind | null;
  @Field(() => ScheduleFrequencyEnum) frequency!: ScheduleFrequency;
  @Field(() => String, { nullable: true, description: "HH:MM, local to timeZone." }) timeOfDay?: string | null;
  @Field(() => Int, { nullable: true, description: "0 Sunday to 6 Saturday." }) dayOfWeek?: number | null;
  @Field(() => Int, { nullable: true, description: "1 to 31; a month without that day runs on its last day." }) dayOfMonth?: number | null;
  @Field(() => String, { nullable: true, description: "Five fields: minute, hour, day of month, month, day of week." }) cron?:
    | string
    | null;
  @Field(() => String, { nullable: true, defaultValue: "UTC" }) timeZone?: string | null;
  @Field(() => BackupTypeEnum) backupType!: BackupType;
  @Field(() => ID, { nullable: true }) sourceId?: SourceId | null;
  @Field(() => ID, { nullable: true, description: "Null: the default storage at the time of each run." }) storageId?: StorageId | null;
  @Field(() => [ID], { nullable: true, description: "All storages of its backups, instead of storageId. The first is read first." })
  storageIds?: StorageId[] | null;
  @Field(() => CompressionEnum, { nullable: true, description: "Null: as the settings say." }) compression?: Compression | null;
  @Field(() => Boolean, { nullable: true, defaultValue: true }) excludeLogs?: boolean | null;
  @Field(() => DatabaseEngineEnum, { nullable: true, description: "Null: as the source says." }) databaseEngine?: DatabaseEngine | null;
  @Field(() => MediaModeEnum, { nullable: true, description: "Null: as the source says." }) mediaMode?: MediaMode | null;
  @Field(() => Boolean, { nullable: true, description: "Whether its backups are encrypted; null: as the settings say." })
  encrypt?: boolean | null;
  @Field(() => RetentionInput, { nullable: true, description: "Null: the global default." }) retention?: RetentionInput | null;
  @Field(() => VerificationLevelEnum, { nullable: true }) verifyAfter?: VerificationLevel | null;
  @Field(() => Boolean, { nullable: true, defaultValue: true }) active?: boolean | null;
  @Field(() => MissedRunPolicyEnum, { nullable: true, defaultValue: "RUN_ONCE" }) missedRuns?: MissedRunPolicy | null;
  @Field(() => Int, { nullable: true, defaultValue: 1440, description: "How late a missed time may still be caught up with." })
  graceMinutes?: number | null;
  @Field(() => OverlapPolicyEnum, { nullable: true, defaultValue: "WAIT" }) overlap?: OverlapPolicy | null;
  @Field(() => Int, {
    nullable: true,
    defaultValue: 0,
    description: "Each run starts up to so many seconds late; shorter than the time between two runs.",
  })
  jitterSeconds?: number | null;
  @Field(() => QuietHoursInput, { nullable: true, description: "Nothing is started in them; it starts at their end." })
  quietHours?: QuietHoursInput | null;
  @Field(() => Int, { nullable: true, defaultValue: 2, description: "How often a failure that may pass is tried again." }) retries?:
    | number
    | null;
  @Field(() => ID, { nullable: true, description: "RESTORE: the source that is restored into." }) targetSourceId?: SourceId | null;
  @Field(() => RestoreModeEnum, { nullable: true, description: "RESTORE; REPLACE without it." }) restoreMode?: RestoreMode | null;
  @Field(() => VerificationLevelEnum, { nullable: true, description: "VERIFICATION; RESTORE without it." })
  level?: VerificationLevel | null;
}
