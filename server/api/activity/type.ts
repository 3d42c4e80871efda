import { Field, ID, Int, ObjectType } from "type-graphql";
import type { OperationKind, OperationStatus, VerificationLevel } from "../../../shared/enums.ts";
import { OperationKindEnum, OperationStatusEnum, VerificationLevelEnum } from "../enums.ts";
import { PageInfoType } from "../page-info.ts";
import { DateTime, SafeInt } from "../scalars.ts";

/** One line; `durationSeconds` and `error` come from the resolver. */
@ObjectType("Activity", { description: "One operation of any kind, in a line." })
export class ActivityType {
  @Field(() => ID) id!: string;
  @Field(() => OperationKindEnum) kind!: OperationKind;
  @Field(() => OperationStatusEnum) status!: OperationStatus;
  @Field(() => String, { description: "Who asked: an address, a token's name, a schedule." }) actor!: string;
  @Field(() => DateTime) createdAt!: Date;
  @Field(() => DateTime, { nullable: true }) startedAt!: Date | null;
  @Field(() => DateTime, { nullable: true }) finishedAt!: Date | null;
  @Field(() => String, { nullable: true, description: "Of the backup or the restore; for a verification or a copy of its backup." })
  name!: string | null;
  @Field(() => String, { nullable: true }) sourceName!: string | null;
  @Field(() => String, { nullable: true, description: "Of a copy: the storage that it was for." }) storageName!: string | null;
  @Field(() => ID, { nullable: true, description: "The backup that was restored, verified or copied." }) backupId!: string | null;
  @Field(() => SafeInt, { nullable: true, description: "Of a backup or a copy." }) storedSize!: number | null;
  @Field(() => VerificationLevelEnum, { nullable: true, description: "Of a verification." }) level!: VerificationLevel | null;
  @Field(() => Boolean, { nullable: true, description: "Of a verification." }) passed!: boolean | null;
  @Field(() => Int, { nullable: true, description: "Of a cleanup." }) removedCount!: number | null;
  @Field(() => SafeInt, { nullable: true, description: "Of a cleanup." }) freedBytes!: number | null;
}

@ObjectType("ActivityPage")
export class ActivityPageType {
  @Field(() => [ActivityType]) nodes!: ActivityType[];
  @Field(() => PageInfoType) pageInfo!: PageInfoType;
  @Field(() => Int) totalCount!: number;
}
