import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root, Subscription } from "type-graphql";
import type { CleanupId, ScheduleId, SourceId } from "../../domain/ids.ts";
import type { BackupRow } from "../../services/backups.ts";
import type { CleanupRow } from "../../services/cleanups.ts";
import { triggerOf } from "../actor.ts";
import { BackupType } from "../backup/type.ts";
import type { Context } from "../context.ts";
import { toPage } from "../page-info.ts";
import { RetentionInput } from "../retention/type.ts";
import { DateTime } from "../scalars.ts";
import type { Subscribing } from "../subscribing.ts";
import { CleanupEntryType, CleanupPageType, CleanupResultType, CleanupType, RetentionPreviewType, RetentionVerdictType } from "./type.ts";

@Resolver(() => CleanupType)
export class CleanupResolver {
  @Query(() => RetentionPreviewType, {
    description:
      "What cleanup would do now: exactly what the real run does. `retention` and `scheduleId` try other limits for that schedule (or, without one, the global default).",
  })
  retentionPreview(
    @Arg("scheduleId", () => ID, { nullable: true }) scheduleId: ScheduleId | null,
    @Arg("sourceId", () => ID, { nullable: true }) sourceId: SourceId | null,
    @Arg("retention", () => RetentionInput, { nullable: true }) retention: RetentionInput | null,
    @Ctx() { actor, services }: Context,
  ) {
    return services.cleanups.preview(actor, { scheduleId, sourceId, retention });
  }

  @Query(() => CleanupPageType)
  async cleanups(
    @Arg("first", () => Int, { nullable: true, defaultValue: 50 }) first: number | null,
    @Arg("after", () => String, { nullable: true }) after: string | null,
    @Ctx() { actor, services }: Context,
  ) {
    return toPage(await services.cleanups.page(actor, first ?? 50, after ?? null));
  }

  @Query(() => CleanupType, { nullable: true })
  cleanup(@Arg("id", () => ID) id: CleanupId, @Ctx() { actor, services }: Context) {
    return services.cleanups.find(actor, id);
  }

  @Mutation(() => CleanupResultType, { description: "Removes what no limit keeps. `days` stands in for every limit by days, this once." })
  cleanupBackups(
    @Arg("days", () => Int, { nullable: true }) days: number | null,
    @Arg("dryRun", () => Boolean, { nullable: true, defaultValue: false }) dryRun: boolean | null,
    @Arg("force", () => Boolean, { nullable: true, description: "Also while deletion is paused because the clock jumped." })
    force: boolean | null,
    @Ctx() { actor, services }: Context,
  ) {
    return services.cleanups.cleanup(actor, { days, dryRun: dryRun ?? false, force }, triggerOf(actor));
  }

  @Mutation(() => Boolean, { description: "Deletion goes on although the clock jumped." })
  resumeCleanup(@Ctx() { actor, services }: Context) {
    return services.cleanups.resume(actor);
  }

  @Subscription(() => CleanupType, {
    description: "A cleanup was asked for, began or ended.",
    subscribe: ({ context }: Subscribing<object>) => context.services.cleanups.watchChanges(context.actor),
  })
  cleanupChanged(@Root() cleanup: CleanupRow) {
    return cleanup;
  }

  @FieldResolver(() => [CleanupEntryType])
  removed(@Root() { record }: CleanupRow) {
    return record?.removed ?? [];
  }

  @FieldResolver(() => [CleanupEntryType], { description: "Their storage would not let go of them; it is asked again by itself." })
  refused(@Root() { record }: CleanupRow) {
    return record?.refused ?? [];
  }

  @FieldResolver(() => [CleanupEntryType], { description: "Copies that a storage over its cap gave up, of backups that stay." })
  copies(@Root() { record }: CleanupRow) {
    return record?.copies ?? [];
  }

  @FieldResolver(() => Int, { description: "How many were looked at and kept." })
  kept(@Root() { record }: CleanupRow) {
    return record?.kept ?? 0;
  }
}

@Resolver(() => RetentionVerdictType)
export class RetentionVerdictResolver {
  @FieldResolver(() => BackupType)
  backup(@Root() { backup }: { readonly backup: Pick<BackupRow, "id"> }, @Ctx() { loaders }: Context) {
    return loaders.backup.load(backup.id);
  }
}

@Resolver(() => BackupType)
export class BackupExpiryResolver {
  @FieldResolver(() => DateTime, {
    nullable: true,
    description: "When the limit by days lets it go; null where it is pinned, or only other limits keep it.",
  })
  async expiresAt(@Root() { id }: BackupRow, @Ctx() { loaders }: Context) {
    return (await loaders.expiry.load(id))?.expiresAt ?? null;
  }
}
