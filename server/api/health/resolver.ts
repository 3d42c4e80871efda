import { Arg, Ctx, Query, Resolver, Root, Subscription } from "type-graphql";
import type { Context } from "../context.ts";
import type { Subscribing } from "../subscribing.ts";
import { HealthType } from "./type.ts";

@Resolver()
export class HealthResolver {
  @Query(() => HealthType, { description: "Looks anew where `fresh`, else answers what was found in the last minutes." })
  health(@Arg("fresh", () => Boolean, { nullable: true, defaultValue: false }) fresh: boolean | null, @Ctx() { actor, services }: Context) {
    return services.health.read(actor, fresh ?? false);
  }

  @Subscription(() => HealthType, {
    description: "What was found, each time that it differs from before.",
    subscribe: ({ context }: Subscribing<object>) => context.services.health.watchChanges(context.actor),
  })
  healthChanged(@Root() health: HealthType) {
    return health;
  }
}
