import { Arg, Ctx, FieldResolver, ID, Mutation, Resolver, Root } from "type-graphql";
import type { StorageId } from "../../domain/ids.ts";
import type { RebuildReport } from "../../domain/rebuild.ts";
import { BackupType } from "../backup/type.ts";
import type { Context } from "../context.ts";
import { SourceType } from "../source/type.ts";
import { StorageType } from "../storage/type.ts";
import { RebuildReportType } from "./type.ts";

@Resolver(() => RebuildReportType)
export class CatalogResolver {
  @Mutation(() => RebuildReportType, {
    description: "Reads the manifests on a storage and adopts the backups that the catalog does not know. Deletes nothing.",
  })
  rebuildCatalog(
    @Arg("storageId", () => ID) storageId: StorageId,
    @Arg("dryRun", () => Boolean, { nullable: true, defaultValue: false }) dryRun: boolean | null,
    @Arg("adoptForeign", () => Boolean, { nullable: true, defaultValue: false }) adoptForeign: boolean | null,
    @Ctx() { actor, services }: Context,
  ) {
    return services.catalogRebuild.rebuild(actor, storageId, { dryRun: dryRun ?? false, adoptForeign: adoptForeign ?? false });
  }

  @FieldResolver(() => StorageType)
  storage(@Root() { storageId }: RebuildReport, @Ctx() { loaders }: Context) {
    return loaders.storage.load(storageId);
  }

  @FieldResolver(() => [BackupType], { description: "The catalog says that they lie here, and they do not. Nothing is removed." })
  async missing(@Root() { missing }: RebuildReport, @Ctx() { loaders }: Context) {
    return (await loaders.backup.loadMany(missing)).filter((row) => row !== null);
  }

  @FieldResolver(() => [SourceType], { description: "Sources that came with the backups; their passwords have to be entered again." })
  async sources(@Root() { sourceIds }: RebuildReport, @Ctx() { loaders }: Context) {
    return (await loaders.source.loadMany(sourceIds)).filter((row) => row !== null);
  }
}
