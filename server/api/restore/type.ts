import { Field, Float, ID, Int, ObjectType } from "type-graphql";
import type { BackupType as BackupTypeWord, RestoreMode } from "../../../shared/enums.ts";
import { BackupType } from "../backup/type.ts";
import { BackupTypeEnum, RestoreModeEnum } from "../enums.ts";
import { OperationErrorType, OperationType } from "../operation/type.ts";
import { PageInfoType } from "../page-info.ts";
import { DateTime, SafeInt } from "../scalars.ts";
import { SourceType } from "../source/type.ts";

@ObjectType("RestoreResult", { description: "What a completed restore put back, as counted in the target." })
export class RestoreResultType {
  @Field(() => Int) tables!: number;
  @Field(() => SafeInt) rows!: number;
  @Field(() => Int) views!: number;
  @Field(() => Int) triggers!: number;
  @Field(() => Int) routines!: number;
  @Field(() => Int) events!: number;
  @Field(() => SafeInt) files!: number;
  @Field(() => SafeInt) directories!: number;
  @Field(() => Float, { nullable: true }) switchSeconds!: number | null;
}

/** A restore; backup, target and preRestoreBackup come from the resolver. */
@ObjectType("Restore", { implements: OperationType })
export class RestoreType extends OperationType {
  @Field(() => ID) override id!: string;
  @Field(() => String) name!: string;
  @Field(() => BackupTypeEnum) type!: BackupTypeWord;
  @Field(() => RestoreModeEnum) mode!: RestoreMode;
  @Field(() => Boolean, { description: "Loaded beside the target and swapped in (the default), or straight into it." }) staged!: boolean;
  @Field(() => RestoreResultType, { nullable: true }) result!: RestoreResultType | null;
  @Field(() => DateTime) override createdAt!: Date;
}

@ObjectType("RestorePage")
export class RestorePageType {
  @Field(() => [RestoreType]) nodes!: RestoreType[];
  @Field(() => PageInfoType) pageInfo!: PageInfoType;
  @Field(() => Int) totalCount!: number;
}

@ObjectType("DatabasePlan")
export class DatabasePlanType {
  @Field(() => String) name!: string;
  @Field(() => [String]) tablesReplaced!: string[];
  @Field(() => [String]) tablesAdded!: string[];
  @Field(() => [String]) tablesRemoved!: string[];
  @Field(() => SafeInt) currentRowsEstimate!: number;
  @Field(() => SafeInt) currentBytes!: number;
}

@ObjectType("MediaPlan")
export class MediaPlanType {
  @Field(() => String) path!: string;
  @Field(() => Boolean) exists!: boolean;
}

@ObjectType("RestorePlan", { description: "What a restore would do to its target, as it stands now." })
export class RestorePlanType {
  @Field(() => BackupType) backup!: BackupType;
  @Field(() => SourceType) target!: SourceType;
  @Field(() => DatabasePlanType, { nullable: true }) database!: DatabasePlanType | null;
  @Field(() => [MediaPlanType]) media!: MediaPlanType[];
  @Field(() => SafeInt, { description: "Bytes that will be written, uncompressed." }) bytes!: number;
  @Field(() => Float, { nullable: true, description: "From this target's earlier restores; null when there are none." }) expectedSeconds!:
    | number
    | null;
  @Field(() => [OperationErrorType], { description: "What stands in the way; empty when the restore can start." })
  problems!: OperationErrorType[];
}
