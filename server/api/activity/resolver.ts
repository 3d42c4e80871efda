import { Arg, Ctx, FieldResolver, Float, Int, Query, Resolver, Root } from "type-graphql";
import { type ActivityRow, failureOf, secondsOf } from "../../services/activity.ts";
import type { Context } from "../context.ts";
import { OperationErrorType } from "../operation/type.ts";
import { toPage } from "../page-info.ts";
import { ActivityPageType, ActivityType } from "./type.ts";

@Resolver(() => ActivityType)
export class ActivityResolver {
  @Query(() => ActivityPageType, { description: "Backups, restores, verifications and cleanups in one list, newest first." })
  async activity(
    @Arg("first", () => Int, { nullable: true, defaultValue: 50 }) first: number | null,
    @Arg("after", () => String, { nullable: true }) after: string | null,
    @Ctx() { actor, services }: Context,
  ) {
    return toPage(await services.activity.page(actor, first ?? 50, after ?? null));
  }

  @FieldResolver(() => Float, { nullable: true })
  durationSeconds(@Root() row: ActivityRow) {
    return secondsOf(row);
  }

  @FieldResolver(() => OperationErrorType, { nullable: true })
  error(@Root() row: ActivityRow) {
    return failureOf(row);
  }
}
