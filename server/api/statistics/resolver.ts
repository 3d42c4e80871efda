import { Arg, Ctx, ID, Int, Query, Resolver } from "type-graphql";
import type { SourceId } from "../../domain/ids.ts";
import type { Context } from "../context.ts";
import { StatisticsType } from "./type.ts";

@Resolver()
export class StatisticsResolver {
  @Query(() => StatisticsType)
  statistics(
    @Arg("days", () => Int, { nullable: true, defaultValue: 30 }) days: number | null,
    @Arg("sourceId", () => ID, { nullable: true }) sourceId: SourceId | null,
    @Ctx() { actor, services }: Context,
  ) {
    return services.statistics.read(actor, days ?? 30, sourceId ?? null);
  }
}
