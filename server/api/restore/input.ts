import { Field, ID, InputType } from "type-graphql";
import type { BackupType, OperationStatus, RestoreMode } from "../../../shared/enums.ts";
import type { BackupId, SourceId, UploadId } from "../../domain/ids.ts";
import type { RestoreRequest } from "../../services/restores.ts";
import { BackupTypeEnum, OperationStatusEnum, RestoreModeEnum } from "../enums.ts";

@InputType()
export class CollationMapping {
  @Field(() => String) from!: string;
  @Field(() => String) to!: string;
}

@InputType({ description: "Changes of an uploaded dump on its way into the database; never inside of a value." })
export class RewritesInput {
  @Field(() => Boolean, { nullable: true, defaultValue: false, description: "Definitions run as whoever restores them." })
  stripDefiner?: boolean | null;
  @Field(() => [CollationMapping], { nullable: true }) collations?: CollationMapping[] | null;
}

@InputType({ description: "Exactly one of backupId and uploadIds." })
export class RestoreInput {
  @Field(() => String, { nullable: true }) name?: string | null;
  @Field(() => ID, { nullable: true }) backupId?: BackupId | null;
  @Field(() => [ID], { nullable: true }) uploadIds?: UploadId[] | null;
  @Field(() => BackupTypeEnum) type!: BackupType;
  @Field(() => RestoreModeEnum, { nullable: true, defaultValue: "REPLACE" }) mode?: RestoreMode | null;
  @Field(() => ID, { nullable: true }) targetSourceId?: SourceId | null;
  @Field(() => Boolean, { nullable: true, defaultValue: true }) backupBeforeRestore?: boolean | null;
  @Field(() => Boolean, { nullable: true, defaultValue: true }) staged?: boolean | null;
  @Field(() => [String], { nullable: true, description: "Only these tables and their triggers." }) tables?: string[] | null;
  @Field(() => [String], {
    nullable: true,
    description: "Only these files and folders, by their path in the archive: the media folder's prefix first.",
  })
  paths?: string[] | null;
  @Field(() => String, { nullable: true, description: "Another database on the target's server; made when it is not there." })
  targetDatabase?: string | null;
  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description:
      "Nothing of the restore comes into the binary log of the target's server. It is faster; replicas do not get it and have to be set up anew.",
  })
  skipBinaryLog?: boolean | null;
  @Field(() => RewritesInput, { nullable: true }) rewrites?: RewritesInput | null;
}

export const requestOf = ({ rewrites, ...input }: RestoreInput): RestoreRequest => ({
  ...input,
  rewrites: rewrites ? { stripDefiner: rewrites.stripDefiner ?? false, collations: rewrites.collations ?? [] } : null,
});

@InputType()
export class RestoreFilter {
  @Field(() => [OperationStatusEnum], { nullable: true }) status?: OperationStatus[] | null;
  @Field(() => ID, { nullable: true }) targetSourceId?: SourceId | null;
}
