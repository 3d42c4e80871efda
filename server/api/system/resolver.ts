import { Ctx, Field, ObjectType, Query, Resolver } from "type-graphql";
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
  @Field(() => [SystemCheckType]) checks!: SystemCheckType[];
}

@Resolver()
export class SystemResolver {
  @Query(() => SystemType)
  system(@Ctx() { actor, services }: Context) {
    return services.system.inspect(actor);
  }
}
