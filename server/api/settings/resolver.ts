import { Arg, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from "type-graphql";
import type { Retention } from "../../domain/retention.ts";
import type { SettingsState } from "../../services/settings.ts";
import type { Context } from "../context.ts";
import { RetentionType } from "../retention/type.ts";
import { StorageType } from "../storage/type.ts";
import { SettingsInput } from "./input.ts";
import { SettingsType } from "./type.ts";

@Resolver(() => SettingsType)
export class SettingsResolver {
  @Query(() => SettingsType)
  settings(@Ctx() { actor, services }: Context) {
    return services.settings.read(actor);
  }

  @Mutation(() => SettingsType)
  updateSettings(@Arg("input", () => SettingsInput) input: SettingsInput, @Ctx() { actor, services }: Context) {
    return services.settings.update(actor, input);
  }

  @Mutation(() => SettingsType, { description: "Gives these settings, by the names of their fields, their defaults back." })
  resetSettings(@Arg("names", () => [String]) names: string[], @Ctx() { actor, services }: Context) {
    return services.settings.reset(actor, names);
  }

  @FieldResolver(() => RetentionType, { description: "The global default; its `days` are `retentionDays`." })
  retention(@Root() { retention, retentionDays }: SettingsState): Retention {
    return { days: retentionDays, ...retention };
  }

  @FieldResolver(() => StorageType, { nullable: true })
  defaultStorage(@Root() { defaultStorageId }: SettingsState, @Ctx() { loaders }: Context) {
    return defaultStorageId && loaders.storage.load(defaultStorageId);
  }
}
