import { Field, ID, ObjectType } from "type-graphql";
import type { HealthSeverity } from "../../../shared/enums.ts";
import { HealthSeverityEnum } from "../enums.ts";
import { DateTime } from "../scalars.ts";

@ObjectType("HealthCheck", { description: "One thing that was looked at: what was found, and how to mend it where it is wrong." })
export class HealthCheckType {
  @Field(() => String, {
    description: "Stable name such as storage.reach, source.proven, key.kit; with the subject's id it is unique.",
  })
  check!: string;
  @Field(() => HealthSeverityEnum) severity!: HealthSeverity;
  @Field(() => String, { description: "What it is about, for a person: Source Shop, Storage Offsite, Database client tools." })
  subject!: string;
  @Field(() => ID, { nullable: true }) subjectId!: string | null;
  @Field(() => String) message!: string;
  @Field(() => String, { nullable: true }) hint!: string | null;
  @Field(() => String, {
    nullable: true,
    description: "Where in the dashboard it is mended, such as /storages/ID; null where it is not.",
  })
  place!: string | null;
  @Field(() => String, { nullable: true, description: "A command that mends it, to be copied." }) command!: string | null;
}

@ObjectType("Health", { description: "What is wrong with the whole, and how to mend it; the worst first." })
export class HealthType {
  @Field(() => DateTime) at!: Date;
  @Field(() => HealthSeverityEnum, { description: "The worst of all checks." }) severity!: HealthSeverity;
  @Field(() => [HealthCheckType]) checks!: HealthCheckType[];
}
