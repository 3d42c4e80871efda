import { Arg, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from "type-graphql";
import type { ChannelId } from "../../domain/ids.ts";
import { type ChannelRow, targetOf } from "../../services/channels.ts";
import type { Context } from "../context.ts";
import { NotificationChannelInput } from "./input.ts";
import { AlertType, DeliveryType, NotificationChannelType, SavedChannelType, TestResultType } from "./type.ts";

@Resolver(() => NotificationChannelType)
export class NotificationChannelResolver {
  @Query(() => [NotificationChannelType])
  notificationChannels(@Ctx() { actor, services }: Context) {
    return services.channels.list(actor);
  }

  @Query(() => [AlertType], { description: "What is wrong now, the oldest first." })
  alerts(@Ctx() { actor, services }: Context) {
    return services.alerts.list(actor);
  }

  @Mutation(() => SavedChannelType)
  createNotificationChannel(
    @Arg("input", () => NotificationChannelInput) input: NotificationChannelInput,
    @Ctx() { actor, services }: Context,
  ) {
    return services.channels.create(actor, input);
  }

  @Mutation(() => SavedChannelType)
  updateNotificationChannel(
    @Arg("id", () => ID) id: ChannelId,
    @Arg("input", () => NotificationChannelInput) input: NotificationChannelInput,
    @Ctx() { actor, services }: Context,
  ) {
    return services.channels.update(actor, id, input);
  }

  @Mutation(() => Boolean)
  deleteNotificationChannel(@Arg("id", () => ID) id: ChannelId, @Ctx() { actor, services }: Context) {
    return services.channels.remove(actor, id);
  }

  @Mutation(() => TestResultType, { description: "Sends a test now and says what came of it." })
  testNotificationChannel(
    @Arg("id", () => ID, { nullable: true }) id: ChannelId | null,
    @Arg("input", () => NotificationChannelInput, { nullable: true }) input: NotificationChannelInput | null,
    @Ctx() { actor, services }: Context,
  ) {
    return services.channels.test(actor, id ?? null, input ?? null);
  }

  @Mutation(() => TestResultType, { description: "The same by mail to the addresses of the settings." })
  testEmail(@Ctx() { actor, services }: Context) {
    return services.channels.testEmail(actor);
  }

  @FieldResolver(() => String, { description: "Where it goes, for anybody: addresses, a host, a chat." })
  target(@Root() channel: ChannelRow) {
    return targetOf(channel);
  }

  @FieldResolver(() => [String], { nullable: true })
  addresses(@Root() { config }: ChannelRow) {
    return config.addresses ?? null;
  }

  @FieldResolver(() => String, { nullable: true })
  url(@Root() { config }: ChannelRow) {
    return config.url ?? null;
  }

  @FieldResolver(() => String, { nullable: true })
  chatId(@Root() { config }: ChannelRow) {
    return config.chatId ?? null;
  }

  @FieldResolver(() => String, { nullable: true })
  topic(@Root() { config }: ChannelRow) {
    return config.topic ?? null;
  }

  @FieldResolver(() => Boolean, { description: "Whether a secret is stored: a token, a signing key, an address with a secret in it." })
  hasSecret(@Root() { secret }: ChannelRow) {
    return secret !== null;
  }

  @FieldResolver(() => DeliveryType, { nullable: true })
  lastDelivery(@Root() { id }: ChannelRow, @Ctx() { loaders }: Context) {
    return loaders.lastDelivery.load(id);
  }
}
