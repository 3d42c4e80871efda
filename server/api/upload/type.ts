import { Field, ID, Int, ObjectType } from "type-graphql";
import type { FindingSeverity, UploadState } from "../../../shared/enums.ts";
import { DatabaseSummaryType, MediaSummaryType } from "../backup/type.ts";
import { FindingSeverityEnum, UploadStateEnum } from "../enums.ts";
import { DateTime, SafeInt } from "../scalars.ts";

@ObjectType("Finding", { description: "Something noticed in an upload before anything of it is used." })
export class FindingType {
  @Field(() => String, { description: "A stable word, such as SQL_CLIENT_COMMAND or UNSAFE_PATH." }) reason!: string;
  @Field(() => FindingSeverityEnum) severity!: FindingSeverity;
  @Field(() => String) message!: string;
  @Field(() => String, { nullable: true }) hint!: string | null;
  @Field(() => Int, { nullable: true, description: "Line of the dump, counted from 1." }) line!: number | null;
  @Field(() => String, { nullable: true, description: "Entry of the archive." }) entry!: string | null;
  @Field(() => String, { nullable: true, description: "STRIP_DEFINER or MAP_COLLATION: the rewrite that mends it." }) rewrite!:
    | string
    | null;
}

/** An upload; what its inspection found comes from the resolver. */
@ObjectType("Upload", { description: "A file sent in to be restored: its bytes go to /uploads/ID by the tus protocol." })
export class UploadType {
  @Field(() => ID) id!: string;
  @Field(() => String, { description: "As it was called where it came from; for people only." }) filename!: string;
  @Field(() => SafeInt) size!: number;
  @Field(() => SafeInt) receivedBytes!: number;
  @Field(() => UploadStateEnum) state!: UploadState;
  @Field(() => DatabaseSummaryType, { nullable: true }) database!: DatabaseSummaryType | null;
  @Field(() => MediaSummaryType, { nullable: true }) media!: MediaSummaryType | null;
  @Field(() => DateTime) createdAt!: Date;
  @Field(() => DateTime, { description: "When it is removed, restored or not." }) expiresAt!: Date;
}
