import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root, Subscription } from "type-graphql";
import type { DeliveryStatus } from "../../../shared/enums.ts";
import type { ChannelId, DeliveryId } from "../../domain/ids.ts";
import type { DeliveryRow } from "../../services/deliveries.ts";
import type { Context } from "../context.ts";
import { DeliveryStatusEnum } from "../enums.ts";
import { toPage } from "../page-info.ts";
import type { Subscribing } from "../subscribing.ts";
import { DeliveryPageType, DeliveryType } from "./type.ts";

@Resolver(() => DeliveryType)
export class DeliveryResolver {
  @Query(() => DeliveryPageType)
  async deliveries(
    @Arg("channelId", () => ID, { nullable: true }) channelId: ChannelId | null,
    @Arg("status", () => [DeliveryStatusEnum], { nullable: true }) status: DeliveryStatus[] | null,
    @Arg("first", () => Int, { defaultValue: 50 }) first: number,
    @Arg("after", () => String, { nullable: true }) after: string | null,
    @Ctx() { actor, services }: Context,
  ) {
    return toPage(await services.deliveries.page(actor, { channelId, status }, first, after ?? null));
  }

  @Mutation(() => DeliveryType, { description: "Has one that failed tried from the beginning." })
  retryDelivery(@Arg("id", () => ID) id: DeliveryId, @Ctx() { actor, services }: Context) {
    return services.deliveries.retry(actor, id);
  }

  @Subscription(() => DeliveryType, {
    description: "Something is to be sent, was sent, or could not be.",
    subscribe: ({ context }: Subscribing<object>) => context.services.deliveries.watchChanges(context.actor),
  })
  deliveryChanged(@Root() delivery: DeliveryRow) {
    return delivery;
  }

  @FieldResolver(() => String)
  title(@Root() { message }: DeliveryRow) {
    return message.title;
  }

  @FieldResolver(() => String)
  text(@Root() { message }: DeliveryRow) {
    return message.text;
  }
}
