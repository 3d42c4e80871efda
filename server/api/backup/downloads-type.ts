import { Field, ID, Int, ObjectType } from "type-graphql";
import type { ExportFormat } from "../../../shared/enums.ts";
import { ExportFormatEnum } from "../enums.ts";
import { DateTime } from "../scalars.ts";

@ObjectType("DownloadLink", { description: "A download link that was made, without what makes it work." })
export class DownloadLinkType {
  @Field(() => ID, { description: "Names it; nobody gets to the link from it." }) id!: string;
  @Field(() => String, { nullable: true, description: "Who made it." }) actor!: string | null;
  @Field(() => String) filename!: string;
  @Field(() => String, { nullable: true, description: "The one artifact that it gives." }) artifact!: string | null;
  @Field(() => String, { nullable: true, description: "The one file of the media that it gives." }) path!: string | null;
  @Field(() => ExportFormatEnum, { nullable: true, description: "The kind of archive, where it gives one of files of the media." })
  format!: ExportFormat | null;
  @Field(() => [String], { nullable: true, description: "The first 20 files and folders of that archive; null for all the media." })
  paths!: readonly string[] | null;
  @Field(() => Int, { nullable: true, description: "How many they are." }) pathCount!: number | null;
  @Field(() => DateTime) expiresAt!: Date;
  @Field(() => Int, { description: "How often reading through it began; one download that goes on after a break counts again." })
  uses!: number;
  @Field(() => Boolean, { description: "Somebody reads through it now." }) reading!: boolean;
}
