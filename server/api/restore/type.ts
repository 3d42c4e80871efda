import { Field, Float, ID, Int, ObjectType } from "type-graphql";
import type { BackupType as BackupTypeWord, RestoreMode } from "../../../shared/enums.ts";
import { BackupType } from "../backup/type.ts";
import { BackupTypeEnum, RestoreModeEnum } from "../enums.ts";
import { OperationErrorType, OperationType } from "../operation/type.ts";
import { PageInfoType } from "../page-info.ts";
import { DateTime, SafeInt } from "../scalars.ts";
import { SourceType } from "../source/type.ts";
import { UploadType } from "../upload/type.ts";

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
  @Field(() => [String], { nullable: true, description: "Only these tables; null for all." }) tables!: readonly string[] | null;
  @Field(() => [String], { nullable: true, description: "Only these files and folders; null for all." }) paths!: readonly string[] | null;
  @Field(() => String, { nullable: true, description: "Where not the target's own database." }) targetDatabase!: string | null;
  @Field(() => Boolean, { description: "Whether it was to stay out of the binary log of the target's server." }) skipBinaryLog!: boolean;
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
  @Field(() => Boolean) exists!: boolean;
  @Field(() => [String]) tablesReplaced!: string[];
  @Field(() => [String]) tablesAdded!: string[];
  @Field(() => [String]) tablesRemoved!: string[];
  @Field(() => [String]) tablesKept!: string[];
  @Field(() => [String], { description: "Views, triggers, routines and events of the target that go, by kind: name." })
  definitionsRemoved!: string[];
  @Field(() => Int, { nullable: true, description: "Null where only reading the dump could tell." }) definitionsAdded!: number | null;
  @Field(() => SafeInt, { description: "Of the tables that go." }) currentRowsEstimate!: number;
  @Field(() => SafeInt, { description: "Of the tables that go." }) currentBytes!: number;
}

@ObjectType("MediaPlan", {
  description:
    "What a restore would do to one media folder. The numbers are null where the backup has no list of its files, or the folder cannot be read.",
})
export class MediaPlanType {
  @Field(() => String) path!: string;
  @Field(() => Boolean) exists!: boolean;
  @Field(() => SafeInt, { nullable: true }) filesReplaced!: number | null;
  @Field(() => SafeInt, { nullable: true }) filesAdded!: number | null;
  @Field(() => SafeInt, { nullable: true }) filesRemoved!: number | null;
  @Field(() => SafeInt, { nullable: true }) filesKept!: number | null;
  @Field(() => SafeInt, { nullable: true }) bytes!: number | null;
}

@ObjectType("RestorePlan", { description: "What a restore would do to its target, as it stands now." })
export class RestorePlanType {
  @Field(() => BackupType, { nullable: true }) backup!: BackupType | null;
  @Field(() => [UploadType]) uploads!: UploadType[];
  @Field(() => SourceType) target!: SourceType;
  @Field(() => RestoreModeEnum) mode!: RestoreMode;
  @Field(() => DatabasePlanType, { nullable: true }) database!: DatabasePlanType | null;
  @Field(() => [MediaPlanType]) media!: MediaPlanType[];
  @Field(() => SafeInt, { description: "Bytes that will be written, uncompressed." }) bytes!: number;
  @Field(() => Float, {
    nullable: true,
    description: "From the newest drill, or from this target's earlier restores; null when there are none.",
  })
  expectedSeconds!: number | null;
  @Field(() => SafeInt, {
    nullable: true,
    description: "Free space that the restore needs for a while beside what is there; null where it cannot be known.",
  })
  spaceNeeded!: number | null;
  @Field(() => SafeInt, { nullable: true, description: "What there is of it." }) spaceFree!: number | null;
  @Field(() => [String], { description: "What to know before it starts, and that stands in nobody's way." }) notes!: string[];
  @Field(() => [OperationErrorType], { description: "What stands in the way; empty when the restore can start." })
  problems!: OperationErrorType[];
}
