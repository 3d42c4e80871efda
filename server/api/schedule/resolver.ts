import { Arg, Ctx, ID, Int, Mutation, Query, Resolver, Root, Subscription } from "type-graphql";
import type { ScheduleId } from "../../domain/ids.ts";
import type { ScheduleState } from "../../services/schedules.ts";
import type { Context } from "../context.ts";
import { DateTime } from "../scalars.ts";
import type { Subscribing } from "../subscribing.ts";
import { ScheduleInput } from "./input.ts";
import { ScheduleType } from "./type.ts";

@Resolver()
export class SchedulesResolver {
  @Query(() => [ScheduleType], { description: "By name." })
  schedules(@Ctx() { actor, services }: Context) {
    return services.schedules.list(actor);
  }

  @Query(() => ScheduleType, { nullable: true })
  schedule(@Arg("id", () => ID) id: ScheduleId, @Ctx() { actor, services }: Context) {
    return services.schedules.find(actor, id);
  }

  @Query(() => [DateTime], { description: "The next run times that an input would give; at most 100." })
  schedulePreview(
    @Arg("input", () => ScheduleInput) input: ScheduleInput,
    @Arg("count", () => Int, { nullable: true, defaultValue: 5 }) count: number | null,
    @Ctx() { actor, services }: Context,
  ) {
    return services.schedules.preview(actor, input, count ?? 5);
  }

  @Query(() => String, { description: "The schedule that an input would make, in a plain sentence with its daylight-saving rule." })
  scheduleSentence(@Arg("input", () => ScheduleInput) input: ScheduleInput, @Ctx() { actor, services }: Context) {
    return services.schedules.sentence(actor, input);
  }

  @Query(() => [String], { description: "The zones that this server knows, by name." })
  timeZones(@Ctx() { actor, services }: Context) {
    return services.schedules.timeZones(actor);
  }

  @Mutation(() => ScheduleType)
  createSchedule(@Arg("input", () => ScheduleInput) input: ScheduleInput, @Ctx() { actor, services }: Context) {
    return services.schedules.create(actor, input);
  }

  @Mutation(() => ScheduleType, { description: "The whole of it anew; where `active` is left out, it is active then." })
  updateSchedule(
    @Arg("id", () => ID) id: ScheduleId,
    @Arg("input", () => ScheduleInput) input: ScheduleInput,
    @Ctx() { actor, services }: Context,
  ) {
    return services.schedules.update(actor, id, input);
  }

  @Mutation(() => Boolean, { description: "Its runs go with it; its backups stay." })
  deleteSchedule(@Arg("id", () => ID) id: ScheduleId, @Ctx() { actor, services }: Context) {
    return services.schedules.remove(actor, id);
  }

  @Mutation(() => ScheduleType, { description: "Pauses it or lets it go on; without `active`, the other of the two." })
  toggleSchedule(
    @Arg("id", () => ID) id: ScheduleId,
    @Arg("active", () => Boolean, { nullable: true }) active: boolean | null,
    @Ctx() { actor, services }: Context,
  ) {
    return services.schedules.toggle(actor, id, active ?? null);
  }

  @Subscription(() => ScheduleType, {
    description: "A schedule was made or changed, or one of its runs was.",
    subscribe: ({ context }: Subscribing<object>) => context.services.schedules.watchChanges(context.actor),
  })
  scheduleChanged(@Root() schedule: ScheduleState) {
    return schedule;
  }

  @Subscription(() => ID, {
    description: "A schedule was deleted.",
    subscribe: ({ context }: Subscribing<object>) => context.services.schedules.watchDeletions(context.actor),
  })
  scheduleDeleted(@Root() id: ScheduleId) {
    return id;
  }
}
