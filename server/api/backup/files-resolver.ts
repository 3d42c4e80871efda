import { Arg, Ctx, FieldResolver, ID, Int, Query, Resolver, Root } from "type-graphql";
import type { BackupId } from "../../domain/ids.ts";
import type { MediaSummary } from "../../domain/manifest.ts";
import type { Context } from "../context.ts";
import { toPage } from "../page-info.ts";
import { BackupFilePageType } from "./files-type.ts";
import { MediaSummaryType } from "./type.ts";

@Resolver(() => MediaSummaryType)
export class BackupFilesResolver {
  @Query(() => BackupFilePageType, {
    description: "The files of a backup: what lies in `folder` (the top without one), or what `search` finds anywhere below it.",
  })
  async backupFiles(
    @Arg("backupId", () => ID) backupId: BackupId,
    @Arg("folder", () => String, { nullable: true }) folder: string | null,
    @Arg("search", () => String, { nullable: true }) search: string | null,
    @Arg("first", () => Int, { nullable: true, defaultValue: 100 }) first: number | null,
    @Arg("after", () => String, { nullable: true }) after: string | null,
    @Ctx() { actor, services }: Context,
  ) {
    return toPage(await services.backupFiles.page(actor, backupId, folder || null, search || null, first ?? 100, after ?? null));
  }

  @FieldResolver(() => Boolean, { description: "Whether its files can be listed and taken out one by one." })
  browsable(@Root() { index, packs }: MediaSummary) {
    return (index ?? packs) !== null;
  }
}
