import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root, Subscription } from "type-graphql";
import type { StorageId } from "../../domain/ids.ts";
import { type LocalStorageConfig, locationOf, type S3StorageConfig, type SftpStorageConfig } from "../../domain/storage.ts";
import type { StorageState } from "../../services/storages.ts";
import type { Context } from "../context.ts";
import { ConnectionCheckType } from "../source/type.ts";
import type { Subscribing } from "../subscribing.ts";
import { StorageInput } from "./input.ts";
import { HostKeyType, LocalStorageType, S3StorageType, SftpStorageType, StorageType } from "./type.ts";

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

  @Mutation(() => ConnectionCheckType, {
    description:
      "Tries to write, read, list and remove. An input that changes a storage takes its id too: what is secret and left out is as it is kept, where server and account are the same.",
  })
  async checkStorage(
    @Arg("id", () => ID, { nullable: true }) id: StorageId | null,
    @Arg("input", () => StorageInput, { nullable: true }) input: StorageInput | null,
    @Ctx() { actor, services }: Context,
  ) {
    const found = await services.storages.check(actor, id ?? null, input ?? null);
    return { ...found, serverVersion: null, missingPrivileges: [], grants: [], tables: null, bytes: null, paths: [] };
  }

  @Mutation(() => HostKeyType, {
    description: "The public key that the SFTP server shows, to be compared and pinned. Nothing is signed in.",
  })
  readHostKey(
    @Arg("host", () => String) host: string,
    @Arg("port", () => Int, { defaultValue: 22 }) port: number,
    @Ctx() { actor, services }: Context,
  ) {
    return services.storages.readHostKey(actor, host, port);
  }

  @Subscription(() => StorageType, {
    description: "A storage was made or changed, or fares otherwise than before.",
    subscribe: ({ context }: Subscribing<object>) => context.services.storages.watchChanges(context.actor),
  })
  storageChanged(@Root() storage: StorageState) {
    return storage;
  }

  @FieldResolver(() => String, { description: "Where it is, for a person." })
  location(@Root() { kind, config }: StorageState) {
    return locationOf(kind, config);
  }

  @FieldResolver(() => LocalStorageType, { nullable: true, description: "What an edit form shows; exactly one is set. Never a secret." })
  local(@Root() { kind, config }: StorageState) {
    return kind === "LOCAL" ? (config as LocalStorageConfig) : null;
  }

  @FieldResolver(() => S3StorageType, { nullable: true })
  s3(@Root() { kind, config }: StorageState) {
    return kind === "S3" ? (config as S3StorageConfig) : null;
  }

  @FieldResolver(() => SftpStorageType, { nullable: true })
  sftp(@Root() { kind, config, fingerprint, passwordSet, privateKeySet }: StorageState) {
    return kind === "SFTP" ? { ...(config as SftpStorageConfig), fingerprint, passwordSet, privateKeySet } : null;
  }
}
