import { Arg, Ctx, FieldResolver, ID, Int, Resolver, Root } from "type-graphql";
import type { BackupRow } from "../../services/backups.ts";
import type { ScheduleState } from "../../services/schedules.ts";
import { BackupType } from "../backup/type.ts";
import type { Context } from "../context.ts";
import { CompressionEnum, ScheduleHealthEnum } from "../enums.ts";
import { RetentionType } from "../retention/type.ts";
import { DateTime } from "../scalars.ts";
import { SourceType } from "../source/type.ts";
import { StorageType } from "../storage/type.ts";
import { ScheduleType } from "./type.ts";

@Resolver(() => ScheduleType)
export class ScheduleFieldsResolver {
  @FieldResolver(() => SourceType)
  source(@Root() { sourceId }: ScheduleState, @Ctx() { loaders }: Context) {
    return loaders.source.load(sourceId);
  }

  @FieldResolver(() => StorageType)
  storage(@Root() { effective }: ScheduleState, @Ctx() { loaders }: Context) {
    return effective.storageId && loaders.storage.load(effective.storageId);
  }

  @FieldResolver(() => [StorageType], { description: "All storages that its backups are written to; `storage` is the first." })
  storages(@Root() { effective }: ScheduleState, @Ctx() { loaders }: Context) {
    return loaders.storage.loadMany(effective.storageIds);
  }

  @FieldResolver(() => CompressionEnum)
  compression(@Root() { effective }: ScheduleState) {
    return effective.compression;
  }

  @FieldResolver(() => RetentionType)
  retention(@Root() { effective }: ScheduleState) {
    return effective.retention;
  }

  @FieldResolver(() => RetentionType, { nullable: true, description: "Null: the global default, which `retention` then shows." })
  ownRetention(@Root() { retention }: ScheduleState) {
    return retention;
  }

  @FieldResolver(() => ID, { nullable: true, description: "Null: the default storage, which `storage` then shows." })
  ownStorageId(@Root() { storageId }: ScheduleState) {
    return storageId;
  }

  @FieldResolver(() => CompressionEnum, { nullable: true, description: "Null: as the settings say, which `compression` then shows." })
  ownCompression(@Root() { compression }: ScheduleState) {
    return compression;
  }

  @FieldResolver(() => SourceType, { nullable: true, description: "RESTORE: the source that is restored into." })
  targetSource(@Root() { targetSourceId }: ScheduleState, @Ctx() { loaders }: Context) {
    return targetSourceId && loaders.source.load(targetSourceId);
  }

  @FieldResolver(() => String, { description: "When it is due, in a plain sentence: Every day at 03:00 (Europe/Berlin)." })
  description(@Root() row: ScheduleState, @Ctx() { services }: Context) {
    return services.schedules.describeTimes(row);
  }

  @FieldResolver(() => ScheduleHealthEnum, { description: "Whether the last due time has been missed, or its run is failing." })
  async health(@Root() { id }: ScheduleState, @Ctx() { loaders }: Context) {
    return (await loaders.scheduleHealth.load(id))?.health ?? "WAITING";
  }

  @FieldResolver(() => [DateTime], { description: "The next due times, at most 100; none while it is paused." })
  nextRuns(
    @Root() row: ScheduleState,
    @Arg("count", () => Int, { nullable: true, defaultValue: 5 }) count: number | null,
    @Ctx() { services }: Context,
  ) {
    return services.schedules.nextRuns(row, count ?? 5);
  }

  @FieldResolver(() => BackupType, { nullable: true, description: "The newest backup that it made, whatever came of it." })
  lastBackup(@Root() { id }: ScheduleState, @Ctx() { loaders }: Context) {
    return loaders.newestBackupOf.load(id);
  }
}

@Resolver(() => BackupType)
export class BackupScheduleResolver {
  @FieldResolver(() => ScheduleType, {
    nullable: true,
    description: "The schedule that made it; null for none, and once that was deleted.",
  })
  schedule(@Root() { scheduleId }: BackupRow, @Ctx() { loaders }: Context) {
    return scheduleId && loaders.schedule.load(scheduleId);
  }
}
