import { Field, Int, ObjectType } from "type-graphql";

@ObjectType("RebuildProblem")
export class RebuildProblemType {
  @Field(() => String) folder!: string;
  @Field(() => String) message!: string;
}

@ObjectType("ForeignBackup", { description: "A backup that another Holdfast has on the storage." })
export class ForeignBackupType {
  @Field(() => String) folder!: string;
  @Field(() => String) name!: string;
  @Field(() => String, { description: "Its source's name." }) source!: string;
  @Field(() => String, { nullable: true, description: "The key of whoever wrote it." }) keyId!: string | null;
}

@ObjectType("RebuildReport", { description: "What was found on a storage, and what came of it." })
export class RebuildReportType {
  @Field(() => Boolean) dryRun!: boolean;
  @Field(() => Int, { description: "Complete backups found on the storage." }) found!: number;
  @Field(() => Int, { description: "Written into the catalog now; in a dry run: would be." }) adopted!: number;
  @Field(() => Int, { description: "Further copies of backups that the catalog knew." }) copies!: number;
  @Field(() => Int) known!: number;
  @Field(() => Int, { description: "Of another Holdfast: shown, left alone." }) foreign!: number;
  @Field(() => [ForeignBackupType], { description: "The first thousand of these." }) foreignBackups!: readonly ForeignBackupType[];
  @Field(() => [RebuildProblemType], { description: "Altered, unreadable or unfinished: left alone." })
  problems!: readonly RebuildProblemType[];
  @Field(() => [String], { description: "What has to be known or done now, as sentences." }) notes!: readonly string[];
}
