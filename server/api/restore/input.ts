import { Field, ID, InputType } from "type-graphql";
import type { BackupType, OperationStatus, RestoreMode } from "../../../shared/enums.ts";
import type { BackupId, SourceId } from "../../domain/ids.ts";
import { BackupTypeEnum, OperationStatusEnum, RestoreModeEnum } from "../enums.ts";

@InputType()
export class RestoreInput {
  @Field(() => String, { nullable: true }) name?: string | null;
  @Field(() => ID, { nullable: true }) backupId?: BackupId | null;
  @Field(() => BackupTypeEnum) type!: BackupType;
  @Field(() => RestoreModeEnum, { nullable: true, defaultValue: "REPLACE" }) mode?: RestoreMode | null;
  @Field(() => ID, { nullable: true }) targetSourceId?: SourceId | null;
  @Field(() => Boolean, { nullable: true, defaultValue: true }) backupBeforeRestore?: boolean | null;
  @Field(() => Boolean, { nullable: true, defaultValue: true }) staged?: boolean | null;
}

@InputType()
export class RestoreFilter {
  @Field(() => [OperationStatusEnum], { nullable: true }) status?: OperationStatus[] | null;
  @Field(() => ID, { nullable: true }) targetSourceId?: SourceId | null;
}
