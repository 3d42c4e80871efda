import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from "type-graphql";
import type { BackupId, RestoreId, ScheduleId, VerificationId } from "../../domain/ids.ts";
import type { ScheduleRow, ScheduleRunRow } from "../../services/schedule-runs.ts";
import { triggerOf } from "../actor.ts";
import { BackupType } from "../backup/type.ts";
import type { Context } from "../context.ts";
import { RestoreType } from "../restore/type.ts";
import { ScheduleType } from "../schedule/type.ts";
import { VerificationType } from "../verification/type.ts";
import { ScheduleRunType } from "./type.ts";

@Resolver(() => ScheduleRunType)
export class ScheduleRunResolver {
  @Query(() => [ScheduleRunType], { description: "Runs of one schedule or of all, newest first; at most 200." })
  scheduleRuns(
    @Arg("scheduleId", () => ID, { nullable: true }) scheduleId: ScheduleId | null,
    @Arg("first", () => Int, { nullable: true, defaultValue: 50 }) first: number | null,
    @Ctx() { actor, services }: Context,
  ) {
    return services.scheduleRuns.runs(actor, scheduleId ?? null, first ?? 50);
  }

  @Mutation(() => BackupType, {
    description: "Runs it now, paused or not. Gives the backup that was begun; of a restore or a verification the one that it is of.",
  })
  runSchedule(@Arg("id", () => ID) id: ScheduleId, @Ctx() { actor, services }: Context) {
    return services.scheduleRuns.run(actor, id, triggerOf(actor));
  }

  @FieldResolver(() => ScheduleType)
  schedule(@Root() { scheduleId }: ScheduleRunRow, @Ctx() { loaders }: Context) {
    return loaders.schedule.load(scheduleId);
  }

  @FieldResolver(() => BackupType, { nullable: true })
  backup(@Root() { operationId }: ScheduleRunRow, @Ctx() { loaders }: Context) {
    return operationId && loaders.backup.load(operationId as BackupId);
  }

  @FieldResolver(() => RestoreType, { nullable: true })
  restore(@Root() { operationId }: ScheduleRunRow, @Ctx() { loaders }: Context) {
    return operationId && loaders.restore.load(operationId as RestoreId);
  }

  @FieldResolver(() => VerificationType, { nullable: true })
  verification(@Root() { operationId }: ScheduleRunRow, @Ctx() { loaders }: Context) {
    return operationId && loaders.verification.load(operationId as VerificationId);
  }
}

/** What a schedule shows of its runs. */
@Resolver(() => ScheduleType)
export class ScheduleRunsResolver {
  @FieldResolver(() => [ScheduleRunType], { description: "Newest first; at most 200." })
  runs(
    @Root() { id }: ScheduleRow,
    @Arg("first", () => Int, { nullable: true, defaultValue: 30 }) first: number | null,
    @Ctx() { loaders }: Context,
  ) {
    return loaders.runsOf.load({ id, first: first ?? 30 });
  }
}
