import { Arg, Ctx, Field, InputType, Int, Mutation, ObjectType, Query, Resolver } from "type-graphql";
import type { Compression } from "../../../shared/enums.ts";
import type { Context } from "../context.ts";
import { CompressionEnum } from "../enums.ts";

@ObjectType("Settings")
export class SettingsType {
  @Field(() => CompressionEnum) compression!: Compression;
  @Field(() => Int, { description: "1 to 9 for GZIP, 1 to 19 for ZSTD." }) compressionLevel!: number;
}

@InputType()
export class SettingsInput {
  @Field(() => CompressionEnum, { nullable: true }) compression?: Compression | null;
  @Field(() => Int, { nullable: true }) compressionLevel?: number | null;
}

@Resolver()
export class SettingsResolver {
  @Query(() => SettingsType)
  settings(@Ctx() { actor, services }: Context) {
    return services.settings.read(actor);
  }

  @Mutation(() => SettingsType)
  updateSettings(@Arg("input", () => SettingsInput) input: SettingsInput, @Ctx() { actor, services }: Context) {
    return services.settings.update(actor, input);
  }
}
