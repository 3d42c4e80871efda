import { Arg, Ctx, Field, Mutation, ObjectType, Resolver } from "type-graphql";
import type { Context } from "../context.ts";

@ObjectType("ConfigurationExport")
export class ConfigurationExportType {
  @Field(() => String) filename!: string;
  @Field(() => String) content!: string;
}

@ObjectType("ImportPlan", { description: "What an import did, or would do, in sentences. With problems it does nothing at all." })
export class ImportPlanType {
  @Field(() => [String]) created!: string[];
  @Field(() => [String]) changed!: string[];
  @Field(() => [String]) unchanged!: string[];
  @Field(() => [String]) problems!: string[];
  @Field(() => Boolean) applied!: boolean;
}

@Resolver()
export class ConfigurationResolver {
  @Mutation(() => ConfigurationExportType, {
    description: "Everything but history, as JSON; with a passphrase of 12 characters or more the secrets too, encrypted as by `age -p`.",
  })
  exportConfiguration(@Arg("passphrase", () => String, { nullable: true }) passphrase: string | null, @Ctx() { actor, services }: Context) {
    return services.configuration.export(actor, passphrase || null);
  }

  @Mutation(() => ImportPlanType, { description: "All of it or, where there are problems, nothing. What exists is found by its name." })
  importConfiguration(
    @Arg("content", () => String) content: string,
    @Arg("passphrase", () => String, { nullable: true }) passphrase: string | null,
    @Arg("dryRun", () => Boolean, { nullable: true, defaultValue: true }) dryRun: boolean | null,
    @Ctx() { actor, services }: Context,
  ) {
    return services.configuration.import(actor, content, passphrase || null, dryRun ?? true);
  }
}
