import { Field, Int, ObjectType } from "type-graphql";
import type { EntryKind } from "../../../shared/enums.ts";
import { EntryKindEnum } from "../enums.ts";
import { PageInfoType } from "../page-info.ts";
import { DateTime, SafeInt } from "../scalars.ts";

@ObjectType("BackupFile")
export class BackupFileType {
  @Field(() => String, { description: "Path in the archive: the media folder's prefix first." }) path!: string;
  @Field(() => String) name!: string;
  @Field(() => EntryKindEnum) kind!: EntryKind;
  @Field(() => SafeInt, { description: "Bytes; of a folder, of all files below it." }) size!: number;
  @Field(() => DateTime) modifiedAt!: Date;
  @Field(() => SafeInt, { nullable: true, description: "For a folder: files below it." }) files!: number | null;
}

@ObjectType("BackupFilePage")
export class BackupFilePageType {
  @Field(() => [BackupFileType]) nodes!: BackupFileType[];
  @Field(() => PageInfoType) pageInfo!: PageInfoType;
  @Field(() => Int) totalCount!: number;
}
