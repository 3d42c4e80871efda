import { Field, ID, Int, ObjectType } from "type-graphql";
import { PageInfoType } from "../page-info.ts";
import { JsonObject } from "../scalars.ts";

/** One entry; `at` comes from the resolver. */
@ObjectType("AuditEntry", { description: "Who changed what." })
export class AuditEntryType {
  @Field(() => ID) id!: string;
  @Field(() => String) actor!: string;
  @Field(() => String, { description: "Noun and verb, such as schedule.create." }) action!: string;
  @Field(() => String, { nullable: true }) subject!: string | null;
  @Field(() => JsonObject, { nullable: true, description: "Never a secret." }) details!: Readonly<Record<string, unknown>> | null;
}

@ObjectType("AuditPage")
export class AuditPageType {
  @Field(() => [AuditEntryType]) nodes!: AuditEntryType[];
  @Field(() => PageInfoType) pageInfo!: PageInfoType;
  @Field(() => Int) totalCount!: number;
}
