import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root, Subscription } from "type-graphql";
import type { BackupType as BackupTypeWord, ExportFormat } from "../../../shared/enums.ts";
import type { BackupId, SourceId } from "../../domain/ids.ts";
import type { BackupRow } from "../../services/backups.ts";
import { triggerOf } from "../actor.ts";
import type { Context } from "../context.ts";
import { BackupTypeEnum, ExportFormatEnum } from "../enums.ts";
import { toPage } from "../page-info.ts";
import { SourceType } from "../source/type.ts";
import { StorageType } from "../storage/type.ts";
import type { Subscribing } from "../subscribing.ts";
import { BackupFilter, CreateBackupInput } from "./input.ts";
import { BackupPageType, BackupType, DatabaseSummaryType, DownloadType, MediaSummaryType } from "./type.ts";

@Resolver(() => BackupType)
export class BackupResolver {
  @Query(() => BackupPageType)
  async backups(
    @Arg("filter", () => BackupFilter, { nullable: true }) filter: BackupFilter | null,
    @Arg("first", () => Int, { nullable: true, defaultValue: 50 }) first: number | null,
    @Arg("after", () => String, { nullable: true }) after: string | null,
    @Ctx() { actor, services }: Context,
  ) {
    return toPage(await services.backups.page(actor, filter ?? {}, first ?? 50, after ?? null));
  }

  @Query(() => BackupType, { nullable: true })
  backup(@Arg("id", () => ID) id: BackupId, @Ctx() { actor, services }: Context) {
    return services.backups.find(actor, id);
  }

  @Query(() => [BackupType], { description: "Completed backups that can be restored now." })
  availableBackups(
    @Arg("type", () => BackupTypeEnum, { nullable: true }) type: BackupTypeWord | null,
    @Arg("sourceId", () => ID, { nullable: true }) sourceId: SourceId | null,
    @Ctx() { actor, services }: Context,
  ) {
    return services.backups.available(actor, type ?? null, sourceId ?? null);
  }

  @Mutation(() => BackupType)
  createBackup(@Arg("input", () => CreateBackupInput) input: CreateBackupInput, @Ctx() { actor, services }: Context) {
    return services.backups.create(actor, input, triggerOf(actor));
  }

  @Mutation(() => Boolean)
  deleteBackup(@Arg("id", () => ID) id: BackupId, @Ctx() { actor, services }: Context) {
    return services.backups.remove(actor, id);
  }

  @Mutation(() => BackupType)
  pinBackup(@Arg("id", () => ID) id: BackupId, @Arg("pinned", () => Boolean) pinned: boolean, @Ctx() { actor, services }: Context) {
    return services.labels.pin(actor, id, pinned);
  }

  @Mutation(() => DownloadType, { description: "A link that needs no other credential, for one backup, for a short while." })
  async createDownload(
    @Arg("backupId", () => ID) backupId: BackupId,
    @Arg("artifact", () => String, { nullable: true }) artifact: string | null,
    @Arg("path", () => String, { nullable: true, description: "One file of the media." }) path: string | null,
    @Arg("paths", () => [String], {
      nullable: true,
      description: "Files and folders of the media as one archive, in the clear; 1,000 at most.",
    })
    paths: string[] | null,
    @Arg("format", () => ExportFormatEnum, {
      nullable: true,
      description: "The kind of that archive; ZIP unless it is given. Without `paths`: all the media as one archive.",
    })
    format: ExportFormat | null,
    @Ctx() { actor, services, publicUrl }: Context,
  ) {
    const archive = paths || format ? { paths: paths ?? null, format: format ?? "ZIP" } : null;
    const link = await services.downloads.create(actor, backupId, { artifact: artifact ?? null, path: path ?? null, archive });
    return { ...link, url: `${publicUrl}${link.path}` };
  }

  @Mutation(() => Int, {
    description: "Takes all download links of a backup away, and ends what is read through them. Tells how many still worked.",
  })
  revokeDownloads(@Arg("backupId", () => ID) backupId: BackupId, @Ctx() { actor, services }: Context) {
    return services.downloads.revoke(actor, backupId);
  }

  @Subscription(() => BackupType, {
    description: "A backup was created, changed or removed.",
    subscribe: ({ context }: Subscribing<object>) => context.services.backups.watchChanges(context.actor),
  })
  backupChanged(@Root() backup: BackupRow) {
    return backup;
  }

  @FieldResolver(() => SourceType)
  source(@Root() { sourceId }: BackupRow, @Ctx() { loaders }: Context) {
    return loaders.source.load(sourceId);
  }

  @FieldResolver(() => StorageType)
  storage(@Root() { storageId }: BackupRow, @Ctx() { loaders }: Context) {
    return loaders.storage.load(storageId);
  }

  @FieldResolver(() => Boolean, { description: "Somebody is downloading it." })
  async downloading(@Root() { id }: BackupRow, @Ctx() { loaders }: Context) {
    return (await loaders.downloading.load(id)) !== null;
  }

  @FieldResolver(() => [String], { description: "Why it is complete with warnings; empty when it is complete without." })
  warnings(@Root() { warnings }: BackupRow) {
    return warnings ?? [];
  }

  @FieldResolver(() => DatabaseSummaryType, { nullable: true })
  async database(@Root() { id }: BackupRow, @Ctx() { loaders }: Context) {
    const database = (await loaders.manifest.load(id))?.manifest.database;
    const rows = database?.tables.reduce((sum, table) => sum + table.rows, 0);
    return database && { ...database, rows, framed: Boolean(database.sections) };
  }

  @FieldResolver(() => MediaSummaryType, { nullable: true })
  async media(@Root() { id }: BackupRow, @Ctx() { loaders }: Context) {
    return (await loaders.manifest.load(id))?.manifest.media;
  }

  @FieldResolver(() => [String], { description: "Stock commands that restore it with no Holdfast." })
  async restoreCommands(@Root() { id }: BackupRow, @Ctx() { loaders }: Context) {
    return (await loaders.manifest.load(id))?.manifest.restoreCommands ?? [];
  }
}
