import { Arg, Ctx, Field, ID, InputType, Mutation, Resolver } from "type-graphql";
import type { BackupId } from "../../domain/ids.ts";
import type { Context } from "../context.ts";
import { BackupType } from "./type.ts";

@InputType({ description: "Null or left out: stays as it is." })
export class BackupLabelsInput {
  @Field(() => String, { nullable: true }) name?: string | null;
  @Field(() => String, { nullable: true, description: "An empty text takes the description away." }) description?: string | null;
}

@Resolver(() => BackupType)
export class BackupLabelsResolver {
  @Mutation(() => BackupType, { description: "Names or describes a backup anew." })
  updateBackup(
    @Arg("id", () => ID) id: BackupId,
    @Arg("input", () => BackupLabelsInput) input: BackupLabelsInput,
    @Ctx() { actor, services }: Context,
  ) {
    return services.labels.update(actor, id, input);
  }
}
