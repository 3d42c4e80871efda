import { Field, Float, ID, ObjectType } from "type-graphql";
import type { VerificationLevel } from "../../../shared/enums.ts";
import { VerificationLevelEnum } from "../enums.ts";
import { OperationType } from "../operation/type.ts";
import { DateTime, SafeInt } from "../scalars.ts";

@ObjectType("TableCheck", { description: "One table of a drill: what the backup says it holds, and what came back." })
export class TableCheckType {
  @Field(() => String) table!: string;
  @Field(() => SafeInt) expectedRows!: number;
  @Field(() => SafeInt) restoredRows!: number;
  @Field(() => Boolean, { description: "Rows and content are the same." }) matches!: boolean;
  @Field(() => String, { nullable: true, description: "Why not; null when it matches." }) problem!: string | null;
}

/** A verification; backup and what it found in detail come from the resolver. */
@ObjectType("Verification", { implements: OperationType })
export class VerificationType extends OperationType {
  @Field(() => ID) override id!: string;
  @Field(() => VerificationLevelEnum) level!: VerificationLevel;
  @Field(() => Boolean, {
    nullable: true,
    description: "Null until it ended by itself: a bad backup is a verification that completed and did not pass.",
  })
  passed!: boolean | null;
  @Field(() => Float, {
    nullable: true,
    description: "Measured time to recover: how long the drill's restore took. Null for a CHECKSUM, and where it did not pass.",
  })
  restoreSeconds!: number | null;
  @Field(() => DateTime) override createdAt!: Date;
}
