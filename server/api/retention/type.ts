import { Field, InputType, Int, ObjectType } from "type-graphql";

const description =
  "Every limit that is set applies; a backup goes only when no limit keeps it. The newest good backup of a source is always kept.";

@ObjectType("Retention", { description })
export class RetentionType {
  @Field(() => Int, { nullable: true }) days!: number | null;
  @Field(() => Int, { nullable: true }) keepLast!: number | null;
  @Field(() => Int, { nullable: true }) keepDaily!: number | null;
  @Field(() => Int, { nullable: true }) keepWeekly!: number | null;
  @Field(() => Int, { nullable: true }) keepMonthly!: number | null;
  @Field(() => Int, { nullable: true }) keepYearly!: number | null;
}

@InputType()
export class RetentionInput {
  @Field(() => Int, { nullable: true }) days?: number | null;
  @Field(() => Int, { nullable: true }) keepLast?: number | null;
  @Field(() => Int, { nullable: true }) keepDaily?: number | null;
  @Field(() => Int, { nullable: true }) keepWeekly?: number | null;
  @Field(() => Int, { nullable: true }) keepMonthly?: number | null;
  @Field(() => Int, { nullable: true }) keepYearly?: number | null;
}
