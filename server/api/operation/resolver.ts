import { Arg, Ctx, FieldResolver, Float, ID, Int, Mutation, Query, Resolver, Root, Subscription } from "type-graphql";
import type { OperationId } from "../../domain/ids.ts";
import type { Progress } from "../../domain/progress.ts";
import { durationOf, errorOf, kindOf, type LogLine, type OperationRecord, storedProgressOf } from "../../services/operation-view.ts";
import type { Context } from "../context.ts";
import { OperationKindEnum } from "../enums.ts";
import type { Subscribing } from "../subscribing.ts";
import { LogLineType, OperationErrorType, OperationType, ProgressType } from "./type.ts";

/** The fields that every kind of operation has. */
@Resolver(() => OperationType)
export class OperationResolver {
  @FieldResolver(() => OperationKindEnum)
  kind(@Root() row: OperationRecord) {
    return kindOf(row);
  }

  @FieldResolver(() => Float, { nullable: true })
  durationSeconds(@Root() row: OperationRecord) {
    return durationOf(row);
  }

  @FieldResolver(() => OperationErrorType, { nullable: true })
  error(@Root() row: OperationRecord) {
    return errorOf(row);
  }

  @FieldResolver(() => ProgressType, { nullable: true })
  progress(@Root() row: OperationRecord, @Ctx() { services }: Context) {
    return services.operations.liveProgress(row.id) ?? storedProgressOf(row);
  }

  @FieldResolver(() => [LogLineType])
  log(@Root() { id }: OperationRecord, @Arg("after", () => Int, { nullable: true }) after: number | null, @Ctx() { services }: Context) {
    return services.operations.log(id, after ?? 0);
  }
}

@Resolver()
export class OperationsResolver {
  @Query(() => [ProgressType])
  activeOperations(@Ctx() { actor, services }: Context) {
    return services.operations.active(actor);
  }

  @Mutation(() => Boolean)
  cancelOperation(@Arg("id", () => ID) id: OperationId, @Ctx() { actor, services }: Context) {
    return services.operations.cancel(actor, id);
  }

  @Subscription(() => ProgressType, {
    description:
      "Live progress of one operation, or of all with no id. The first event is the present state; the last is final, and with an id the stream then completes.",
    subscribe: ({ args, context }: Subscribing<{ id?: OperationId }>) => context.services.operations.watch(context.actor, args.id ?? null),
  })
  operationProgress(@Root() progress: Progress, @Arg("id", () => ID, { nullable: true }) _id?: OperationId) {
    return progress;
  }

  @Subscription(() => LogLineType, {
    subscribe: ({ args, context }: Subscribing<{ id: OperationId; after?: number }>) =>
      context.services.operations.watchLog(context.actor, args.id, args.after ?? 0),
  })
  operationLog(@Root() line: LogLine, @Arg("id", () => ID) _id: OperationId, @Arg("after", () => Int, { nullable: true }) _after?: number) {
    return line;
  }
}
