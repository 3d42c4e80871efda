import { Arg, Ctx, Field, ID, InputType, Mutation, ObjectType, Query, Resolver } from "type-graphql";
import type { Role } from "../../../shared/enums.ts";
import { allow } from "../../domain/access.ts";
import type { ApiTokenId } from "../../domain/ids.ts";
import type { Context } from "../context.ts";
import { RoleEnum } from "../enums.ts";
import { DateTime } from "../scalars.ts";

@ObjectType("User")
export class UserType {
  @Field(() => ID) id!: string;
  @Field(() => String) name!: string;
  @Field(() => String) email!: string;
  @Field(() => RoleEnum) role!: Role;
}

@ObjectType("ApiToken")
export class ApiTokenType {
  @Field(() => ID) id!: string;
  @Field(() => String) name!: string;
  @Field(() => RoleEnum) role!: Role;
  @Field(() => DateTime) createdAt!: Date;
  @Field(() => DateTime, { nullable: true }) expiresAt!: Date | null;
  @Field(() => DateTime, { nullable: true }) lastUsedAt!: Date | null;
}

@ObjectType("IssuedApiToken", { description: "The secret is shown this once." })
export class IssuedApiTokenType {
  @Field(() => ApiTokenType) apiToken!: ApiTokenType;
  @Field(() => String) secret!: string;
}

@InputType()
export class ApiTokenInput {
  @Field(() => String) name!: string;
  @Field(() => RoleEnum) role!: Role;
  @Field(() => DateTime, { nullable: true }) expiresAt?: Date | null;
}

@Resolver()
export class AccountResolver {
  @Query(() => UserType, { nullable: true, description: "Who is signed in; null for an API token." })
  me(@Ctx() { actor }: Context) {
    allow(actor, "read");
    return actor.kind === "user" ? actor : null;
  }

  @Query(() => [UserType])
  users(@Ctx() { actor, services }: Context) {
    return services.users.list(actor);
  }

  @Query(() => [ApiTokenType])
  apiTokens(@Ctx() { actor, services }: Context) {
    return services.tokens.list(actor);
  }

  @Mutation(() => IssuedApiTokenType)
  createApiToken(@Arg("input", () => ApiTokenInput) input: ApiTokenInput, @Ctx() { actor, services }: Context) {
    return services.tokens.create(actor, { ...input, expiresAt: input.expiresAt ?? null });
  }

  @Mutation(() => Boolean)
  async revokeApiToken(@Arg("id", () => ID) id: ApiTokenId, @Ctx() { actor, services }: Context) {
    await services.tokens.revoke(actor, id);
    return true;
  }
}
