import { Ctx, Field, FieldResolver, ObjectType, Query, Resolver } from "type-graphql";
import type { Context } from "../context.ts";

@ObjectType("SystemCheck")
export class SystemCheckType {
  @Field(() => String) name!: string;
  @Field(() => Boolean) ok!: boolean;
  @Field(() => String) message!: string;
  @Field(() => String, { nullable: true }) hint!: string | null;
}

@ObjectType("System")
export class SystemType {
  @Field(() => String) version!: string;
  @Field(() => String) catalog!: string;
  @Field(() => String) home!: string;
}

@Resolver(() => SystemType)
export class SystemResolver {
  @Query(() => SystemType)
  system(@Ctx() { actor, services }: Context) {
    return services.system.about(actor);
  }

  @FieldResolver(() => [SystemCheckType], { description: "The same as health tells, in fewer words." })
  checks(@Ctx() { actor, services }: Context) {
    return services.system.checks(actor);
  }
}
