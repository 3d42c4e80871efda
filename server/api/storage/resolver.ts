import { Arg, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from "type-graphql";
import type { StorageId } from "../../domain/ids.ts";
import { locationOf } from "../../domain/storage.ts";
import type { StorageState } from "../../services/storages.ts";
import type { Context } from "../context.ts";
import { ConnectionCheckType } from "../source/type.ts";
import { StorageInput } from "./input.ts";
import { StorageType } from "./type.ts";

@Resolver(() => StorageType)
export class StorageResolver {
  @Query(() => [StorageType])
  storages(@Ctx() { actor, services }: Context) {
    return services.storages.list(actor);
  }

  @Mutation(() => StorageType)
  createStorage(@Arg("input", () => StorageInput) input: StorageInput, @Ctx() { actor, services }: Context) {
    return services.storages.create(actor, input);
  }

  @Mutation(() => StorageType)
  updateStorage(
    @Arg("id", () => ID) id: StorageId,
    @Arg("input", () => StorageInput) input: StorageInput,
    @Ctx() { actor, services }: Context,
  ) {
    return services.storages.update(actor, id, input);
  }

  @Mutation(() => Boolean)
  deleteStorage(@Arg("id", () => ID) id: StorageId, @Ctx() { actor, services }: Context) {
    return services.storages.remove(actor, id);
  }

  @Mutation(() => ConnectionCheckType)
  async checkStorage(
    @Arg("id", () => ID, { nullable: true }) id: StorageId | null,
    @Arg("input", () => StorageInput, { nullable: true }) input: StorageInput | null,
    @Ctx() { actor, services }: Context,
  ) {
    const found = await services.storages.check(actor, id ?? null, input ?? null);
    return { ...found, serverVersion: null, missingPrivileges: [], grants: [], tables: null, bytes: null, paths: [] };
  }

  @FieldResolver(() => String)
  location(@Root() { kind, config }: StorageState) {
    return locationOf(kind, config);
  }
}
