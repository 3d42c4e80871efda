import { Field, ID, InputType, Int } from "type-graphql";
import type { BackupType, Compression, DatabaseEngine, MediaMode, OperationStatus, VerificationLevel } from "../../../shared/enums.ts";
import type { ScheduleId, SourceId, StorageId } from "../../domain/ids.ts";
import {
  BackupTypeEnum,
  CompressionEnum,
  DatabaseEngineEnum,
  MediaModeEnum,
  OperationStatusEnum,
  VerificationLevelEnum,
} from "../enums.ts";
import { DateTime } from "../scalars.ts";

@InputType({ description: "sourceId and storageId may be left out where only one exists or one is the default." })
export class CreateBackupInput {
  @Field(() => String, { nullable: true }) name?: string | null;
  @Field(() => String, { nullable: true }) description?: string | null;
  @Field(() => BackupTypeEnum) type!: BackupType;
  @Field(() => ID, { nullable: true }) sourceId?: SourceId | null;
  @Field(() => ID, { nullable: true }) storageId?: StorageId | null;
  @Field(() => [ID], {
    nullable: true,
    description: "All storages of it, instead of storageId: it is read once and written to all. The first is read first.",
  })
  storageIds?: StorageId[] | null;
  @Field(() => Boolean, { nullable: true, defaultValue: true }) compress?: boolean | null;
  @Field(() => CompressionEnum, { nullable: true }) compression?: Compression | null;
  @Field(() => Int, { nullable: true }) compressionLevel?: number | null;
  @Field(() => Boolean, { nullable: true, defaultValue: true }) excludeLogs?: boolean | null;
  @Field(() => DatabaseEngineEnum, { nullable: true, description: "Null: as the source says." }) databaseEngine?: DatabaseEngine | null;
  @Field(() => MediaModeEnum, { nullable: true, description: "Null: as the source says." }) mediaMode?: MediaMode | null;
  @Field(() => Boolean, { nullable: true, description: "Whether it is encrypted; null: as the settings say." })
  encrypt?: boolean | null;
  @Field(() => VerificationLevelEnum, { nullable: true, description: "The verification that follows it by itself when it is complete." })
  verify?: VerificationLevel | null;
}

@InputType()
export class BackupFilter {
  @Field(() => [OperationStatusEnum], { nullable: true }) status?: OperationStatus[] | null;
  @Field(() => [BackupTypeEnum], { nullable: true }) type?: BackupType[] | null;
  @Field(() => ID, { nullable: true }) sourceId?: SourceId | null;
  @Field(() => ID, { nullable: true }) storageId?: StorageId | null;
  @Field(() => ID, { nullable: true }) scheduleId?: ScheduleId | null;
  @Field(() => String, { nullable: true }) search?: string | null;
  @Field(() => DateTime, { nullable: true }) createdAfter?: Date | null;
  @Field(() => DateTime, { nullable: true }) createdBefore?: Date | null;
  @Field(() => Boolean, { nullable: true }) pinned?: boolean | null;
  @Field(() => Boolean, { nullable: true, description: "Those alone that are being deleted; without it, none of them." })
  deleting?: boolean | null;
}
