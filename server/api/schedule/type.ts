import { Field, ID, Int, ObjectType } from "type-graphql";
import type {
  BackupType,
  DatabaseEngine,
  MediaMode,
  MissedRunPolicy,
  OverlapPolicy,
  RestoreMode,
  ScheduleFrequency,
  ScheduleKind,
  VerificationLevel,
} from "../../../shared/enums.ts";
import {
  BackupTypeEnum,
  DatabaseEngineEnum,
  MediaModeEnum,
  MissedRunPolicyEnum,
  OverlapPolicyEnum,
  RestoreModeEnum,
  ScheduleFrequencyEnum,
  ScheduleKindEnum,
  VerificationLevelEnum,
} from "../enums.ts";
import { DateTime } from "../scalars.ts";

@ObjectType("QuietHours", {
  description: "A daily span in which nothing is started, HH:MM, local to the schedule's zone; it may cross midnight.",
})
export class QuietHoursType {
  @Field(() => String) from!: string;
  @Field(() => String) to!: string;
}

/** A schedule; source, storage, retention, compression, runs and what is worked out come from the resolvers. */
@ObjectType("Schedule")
export class ScheduleType {
  @Field(() => ID) id!: string;
  @Field(() => String) name!: string;
  @Field(() => ScheduleKindEnum) kind!: ScheduleKind;
  @Field(() => ScheduleFrequencyEnum) frequency!: ScheduleFrequency;
  @Field(() => String, { nullable: true, description: "HH:MM, local to timeZone." }) timeOfDay!: string | null;
  @Field(() => Int, { nullable: true, description: "0 Sunday to 6 Saturday." }) dayOfWeek!: number | null;
  @Field(() => Int, { nullable: true, description: "1 to 31; a month without that day runs on its last day." })
  dayOfMonth!: number | null;
  @Field(() => String, { nullable: true }) cron!: string | null;
  @Field(() => String) timeZone!: string;
  @Field(() => BackupTypeEnum) backupType!: BackupType;
  @Field(() => Boolean) excludeLogs!: boolean;
  @Field(() => DatabaseEngineEnum, { nullable: true, description: "How it reads the database; null: as the source says." })
  databaseEngine!: DatabaseEngine | null;
  @Field(() => MediaModeEnum, { nullable: true, description: "How it keeps media; null: as the source says." })
  mediaMode!: MediaMode | null;
  @Field(() => Boolean, { nullable: true, description: "Whether its backups are encrypted; null: as the settings say." })
  encrypt!: boolean | null;
  @Field(() => VerificationLevelEnum, { nullable: true }) verifyAfter!: VerificationLevel | null;
  @Field(() => MissedRunPolicyEnum, { description: "What becomes of due times that passed while nothing could start." })
  missedRuns!: MissedRunPolicy;
  @Field(() => Int, { description: "How late a missed time may still be caught up with." }) graceMinutes!: number;
  @Field(() => OverlapPolicyEnum, { description: "What becomes of a due time while the schedule's last run has not ended." })
  overlap!: OverlapPolicy;
  @Field(() => Int, { description: "Each run starts up to so many seconds late." }) jitterSeconds!: number;
  @Field(() => QuietHoursType, { nullable: true }) quietHours!: QuietHoursType | null;
  @Field(() => Int, { description: "How often a failure that may pass is tried again." }) retries!: number;
  @Field(() => RestoreModeEnum, { nullable: true, description: "RESTORE: how." }) restoreMode!: RestoreMode | null;
  @Field(() => VerificationLevelEnum, { nullable: true, description: "VERIFICATION: how far." }) level!: VerificationLevel | null;
  @Field(() => Boolean) active!: boolean;
  @Field(() => String, { nullable: true, description: "Why Holdfast itself paused it." }) pausedReason!: string | null;
  @Field(() => DateTime, { nullable: true }) nextRunAt!: Date | null;
  @Field(() => DateTime, { nullable: true }) lastRunAt!: Date | null;
  @Field(() => DateTime) createdAt!: Date;
}
