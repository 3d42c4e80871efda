import { Field, ID, Int, ObjectType } from "type-graphql";
import type { RetentionReason, Trigger } from "../../../shared/enums.ts";
import type { BackupRow } from "../../services/backups.ts";
import { BackupType } from "../backup/type.ts";
import { RetentionReasonEnum, TriggerEnum } from "../enums.ts";
import { OperationType } from "../operation/type.ts";
import { PageInfoType } from "../page-info.ts";
import { DateTime, SafeInt } from "../scalars.ts";

@ObjectType("CleanupEntry", { description: "A backup that a cleanup removed or could not, as it was." })
export class CleanupEntryType {
  @Field(() => ID) id!: string;
  @Field(() => String) name!: string;
  @Field(() => String) source!: string;
  @Field(() => DateTime) createdAt!: Date;
  @Field(() => SafeInt) storedSize!: number;
  @Field(() => RetentionReasonEnum) reason!: RetentionReason;
  @Field(() => String, { nullable: true, description: "Of a copy of a backup that stays: the storage that it was on." })
  storage?: string | null;
  @Field(() => String, { nullable: true, description: "Why its storage would not let go of it; it is asked again by itself." })
  problem!: string | null;
}

/** A cleanup; what it removed comes from the resolver. */
@ObjectType("Cleanup", { implements: OperationType })
export class CleanupType extends OperationType {
  @Field(() => ID) override id!: string;
  @Field(() => TriggerEnum) trigger!: Trigger;
  @Field(() => String) actor!: string;
  @Field(() => Int) removedCount!: number;
  @Field(() => SafeInt) freedBytes!: number;
  @Field(() => DateTime) override createdAt!: Date;
}

@ObjectType("CleanupPage")
export class CleanupPageType {
  @Field(() => [CleanupType]) nodes!: CleanupType[];
  @Field(() => PageInfoType) pageInfo!: PageInfoType;
  @Field(() => Int) totalCount!: number;
}

@ObjectType("CleanupResult")
export class CleanupResultType {
  @Field(() => Boolean) dryRun!: boolean;
  @Field(() => [BackupType], { description: "What was removed, as it was, or would be." }) backups!: readonly BackupRow[];
  @Field(() => SafeInt) freedBytes!: number;
  @Field(() => Int) kept!: number;
  @Field(() => [CleanupEntryType]) removed!: CleanupEntryType[];
  @Field(() => [CleanupEntryType], { description: "Not gone yet: their storage would not let go of them." }) refused!: CleanupEntryType[];
  @Field(() => [CleanupEntryType], { description: "Copies that a storage over its cap gave up, of backups that stay." })
  copies!: CleanupEntryType[];
}

/** One backup's verdict; backup comes from the resolver. */
@ObjectType("RetentionVerdict")
export class RetentionVerdictType {
  @Field(() => Boolean) keep!: boolean;
  @Field(() => [RetentionReasonEnum], { description: "Every one that keeps it, the strongest first, or the one that lets it go." })
  reasons!: RetentionReason[];
  @Field(() => String, { description: "A sentence." }) explanation!: string;
  @Field(() => DateTime, { nullable: true }) expiresAt!: Date | null;
}

@ObjectType("RetentionPreview")
export class RetentionPreviewType {
  @Field(() => [RetentionVerdictType], { description: "Newest first." }) verdicts!: RetentionVerdictType[];
  @Field(() => Int) keptCount!: number;
  @Field(() => Int) removedCount!: number;
  @Field(() => SafeInt) freedBytes!: number;
  @Field(() => String, { nullable: true, description: "Why nothing is deleted just now." }) pausedReason!: string | null;
}
