import { Field, ID, Int, ObjectType } from "type-graphql";
import type { ScheduleRunCause, ScheduleRunReason, ScheduleRunState } from "../../../shared/enums.ts";
import { ScheduleRunCauseEnum, ScheduleRunReasonEnum, ScheduleRunStateEnum } from "../enums.ts";
import { DateTime } from "../scalars.ts";

/** A run; its schedule and its operation come from the resolver. */
@ObjectType("ScheduleRun", { description: "What became of one due time of a schedule." })
export class ScheduleRunType {
  @Field(() => ID) id!: string;
  @Field(() => DateTime, { description: "When it was due; when it was asked for, where somebody did." }) dueAt!: Date;
  @Field(() => ScheduleRunCauseEnum) cause!: ScheduleRunCause;
  @Field(() => ScheduleRunStateEnum) state!: ScheduleRunState;
  @Field(() => ScheduleRunReasonEnum, { nullable: true, description: "Why it waits or was skipped." }) reason!: ScheduleRunReason | null;
  @Field(() => String, { nullable: true, description: "The reason, or what went wrong, as a sentence." }) message!: string | null;
  @Field(() => DateTime, { description: "It is not started before this." }) notBefore!: Date;
  @Field(() => Int, { description: "How often it was tried." }) attempt!: number;
  @Field(() => Int, { description: "How many due times it stands for: more than one only where many were missed in a row." })
  dueCount!: number;
  @Field(() => ID, { nullable: true, description: "The operation of the last try." }) operationId!: string | null;
  @Field(() => DateTime, { nullable: true, description: "When it ended." }) settledAt!: Date | null;
}
