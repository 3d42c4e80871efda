import { Field, Float, ID, Int, InterfaceType, ObjectType } from "type-graphql";
import type { OperationKind, OperationStatus, Phase } from "../../../shared/enums.ts";
import { OperationKindEnum, OperationStatusEnum, PhaseEnum } from "../enums.ts";
import { DateTime, SafeInt } from "../scalars.ts";

@ObjectType("LoadNow", { description: "What the database server of a source does at this moment." })
export class LoadNowType {
  @Field(() => Int, { description: "Statements that it works on, ours among them." }) statements!: number;
  @Field(() => Float, { nullable: true, description: "Statements that it was given each second since it was asked last." })
  perSecond!: number | null;
}

@ObjectType("Progress")
export class ProgressType {
  @Field(() => ID) operationId!: string;
  @Field(() => OperationKindEnum) kind!: OperationKind;
  @Field(() => OperationStatusEnum) status!: OperationStatus;
  @Field(() => PhaseEnum) phase!: Phase;
  @Field(() => Float, { description: "0 to 100, never falls, 100 only when COMPLETED." }) percent!: number;
  @Field(() => SafeInt, { description: "Uncompressed bytes read from (backup) or written to (restore) the source so far." })
  bytesProcessed!: number;
  @Field(() => SafeInt, { nullable: true }) bytesExpected!: number | null;
  @Field(() => Float, { nullable: true }) bytesPerSecond!: number | null;
  @Field(() => Float, { nullable: true }) etaSeconds!: number | null;
  @Field(() => String, { nullable: true, description: "The table or file being worked on." }) currentItem!: string | null;
  @Field(() => LoadNowType, { nullable: true, description: "While a backup reads a database, where its server tells." })
  load!: LoadNowType | null;
  @Field(() => DateTime) at!: Date;
}

@ObjectType("OperationError")
export class OperationErrorType {
  @Field(() => String) code!: string;
  @Field(() => String) message!: string;
  @Field(() => String, { nullable: true }) hint!: string | null;
}

@ObjectType("LogLine")
export class LogLineType {
  @Field(() => Int) sequence!: number;
  @Field(() => DateTime) at!: Date;
  @Field(() => String) level!: string;
  @Field(() => String) message!: string;
}

/** What every kind of operation shows; each kind's resolver gives `kind`, the rest comes from operation/fields.ts. */
@InterfaceType("Operation", { autoRegisterImplementations: true })
export abstract class OperationType {
  @Field(() => ID) id!: string;
  @Field(() => OperationKindEnum) kind!: OperationKind;
  @Field(() => OperationStatusEnum) status!: OperationStatus;
  @Field(() => DateTime) createdAt!: Date;
  @Field(() => DateTime, { nullable: true }) startedAt!: Date | null;
  @Field(() => DateTime, { nullable: true }) finishedAt!: Date | null;
  @Field(() => Float, { nullable: true }) durationSeconds!: number | null;
  @Field(() => OperationErrorType, { nullable: true }) error!: OperationErrorType | null;
  @Field(() => ProgressType, { nullable: true }) progress!: ProgressType | null;
}
