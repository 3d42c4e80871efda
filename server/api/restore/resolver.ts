import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root, Subscription } from "type-graphql";
import type { RestoreId } from "../../domain/ids.ts";
import type { RestoreRow } from "../../services/restores.ts";
import { BackupType } from "../backup/type.ts";
import type { Context } from "../context.ts";
import { toPage } from "../page-info.ts";
import { SourceType } from "../source/type.ts";
import type { Subscribing } from "../subscribing.ts";
import { UploadType } from "../upload/type.ts";
import { RestoreFilter, RestoreInput, requestOf } from "./input.ts";
import { RestorePageType, RestorePlanType, RestoreType } from "./type.ts";

@Resolver(() => RestoreType)
export class RestoreResolver {
  @Query(() => RestorePageType)
  async restores(
    @Arg("filter", () => RestoreFilter, { nullable: true }) filter: RestoreFilter | null,
    @Arg("first", () => Int, { nullable: true, defaultValue: 50 }) first: number | null,
    @Arg("after", () => String, { nullable: true }) after: string | null,
    @Ctx() { actor, services }: Context,
  ) {
    return toPage(await services.restores.page(actor, filter ?? {}, first ?? 50, after ?? null));
  }

  @Query(() => RestoreType, { nullable: true })
  restore(@Arg("id", () => ID) id: RestoreId, @Ctx() { actor, services }: Context) {
    return services.restores.find(actor, id);
  }

  @Query(() => RestorePlanType)
  restorePlan(@Arg("input", () => RestoreInput) input: RestoreInput, @Ctx() { actor, services }: Context) {
    return services.restorePlans.forecast(actor, requestOf(input));
  }

  @Mutation(() => RestoreType)
  createRestore(@Arg("input", () => RestoreInput) input: RestoreInput, @Ctx() { actor, services }: Context) {
    return services.restores.create(actor, requestOf(input));
  }

  @Subscription(() => RestoreType, {
    subscribe: ({ context }: Subscribing<object>) => context.services.restores.watchChanges(context.actor),
  })
  restoreChanged(@Root() restore: RestoreRow) {
    return restore;
  }

  @FieldResolver(() => BackupType, { nullable: true })
  backup(@Root() { backupId }: RestoreRow, @Ctx() { loaders }: Context) {
    return backupId && loaders.backup.load(backupId);
  }

  @FieldResolver(() => [UploadType], { description: "What was restored, where it was no backup; without those that expired." })
  uploads(@Root() { uploadIds }: RestoreRow, @Ctx() { services }: Context) {
    return services.restores.uploadsOf(uploadIds);
  }

  @FieldResolver(() => SourceType)
  target(@Root() { targetSourceId }: RestoreRow, @Ctx() { loaders }: Context) {
    return loaders.source.load(targetSourceId);
  }

  @FieldResolver(() => BackupType, { nullable: true, description: "The safety copy taken first, when asked for (the default)." })
  preRestoreBackup(@Root() { preRestoreBackupId }: RestoreRow, @Ctx() { loaders }: Context) {
    return preRestoreBackupId && loaders.backup.load(preRestoreBackupId);
  }
}
