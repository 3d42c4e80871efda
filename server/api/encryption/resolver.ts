import { Arg, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from "type-graphql";
import type { Authenticity } from "../../../shared/enums.ts";
import type { BackupRow } from "../../services/backups.ts";
import { BackupType } from "../backup/type.ts";
import type { Context } from "../context.ts";
import { AuthenticityEnum } from "../enums.ts";
import { EncryptionKeyType, RecoveryKitType } from "./type.ts";

@Resolver(() => EncryptionKeyType)
export class EncryptionResolver {
  @Query(() => [EncryptionKeyType], { description: "The keys of the key file, the current one first; never what is secret of them." })
  encryptionKeys(@Ctx() { actor, services }: Context) {
    return services.keys.list(actor);
  }

  @Mutation(() => RecoveryKitType, {
    description: "The key and how to use it, to be kept away from this machine. Asks for the password again. The only answer with a key.",
  })
  createRecoveryKit(@Arg("password", () => String, { nullable: true }) password: string | null, @Ctx() { actor, services }: Context) {
    return services.recoveryKit.create(actor, password);
  }
}

/** What of a backup is told by its manifest and the keys. */
@Resolver(() => BackupType)
export class BackupEncryptionResolver {
  @FieldResolver(() => [String], { description: "All age recipients that open it; empty where it is not encrypted." })
  async recipients(@Root() { id, encrypted }: BackupRow, @Ctx() { loaders }: Context): Promise<readonly string[]> {
    return encrypted ? ((await loaders.manifest.load(id))?.manifest.encryption?.recipients ?? []) : [];
  }

  @FieldResolver(() => AuthenticityEnum, {
    nullable: true,
    description: "Whether the catalog's manifest is what a key of the key file wrote; null until it is complete.",
  })
  async authenticity(@Root() { id, folder }: BackupRow, @Ctx() { loaders, services }: Context): Promise<Authenticity | null> {
    const found = await loaders.manifest.load(id);
    return found ? services.keys.authenticity(found.manifest, folder) : null;
  }
}
