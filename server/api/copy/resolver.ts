import { Arg, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root, Subscription } from "type-graphql";
import type { BackupId, CopyId, StorageId } from "../../domain/ids.ts";
import type { BackupRow } from "../../services/backups.ts";
import type { BackupCopyRow, CopyRow } from "../../services/copies.ts";
import { BackupType } from "../backup/type.ts";
import type { Context } from "../context.ts";
import { StorageType } from "../storage/type.ts";
import type { Subscribing } from "../subscribing.ts";
import { BackupCopyType, CopyType } from "./type.ts";

@Resolver(() => CopyType)
export class CopyResolver {
  @Query(() => CopyType, { nullable: true })
  copy(@Arg("id", () => ID) id: CopyId, @Ctx() { actor, services }: Context) {
    return services.copies.find(actor, id);
  }

  @Mutation(() => CopyType, {
    description: "Brings a backup to one more storage, or anew to one where it was found damaged, from one where it is whole.",
  })
  copyBackup(@Arg("id", () => ID) id: BackupId, @Arg("storageId", () => ID) storageId: StorageId, @Ctx() { actor, services }: Context) {
    return services.copies.create(actor, id, storageId);
  }

  @Mutation(() => BackupType, {
    description: "Removes a backup from one of its storages; never from the last one: that is deleteBackup.",
  })
  removeCopy(@Arg("id", () => ID) id: BackupId, @Arg("storageId", () => ID) storageId: StorageId, @Ctx() { actor, services }: Context) {
    return services.copies.remove(actor, id, storageId);
  }

  @Subscription(() => CopyType, {
    description: "A copy was asked for, began or ended.",
    subscribe: ({ context }: Subscribing<object>) => context.services.copies.watchChanges(context.actor),
  })
  copyChanged(@Root() copy: CopyRow) {
    return copy;
  }

  @FieldResolver(() => BackupType)
  backup(@Root() { backupId }: CopyRow, @Ctx() { loaders }: Context) {
    return loaders.backup.load(backupId);
  }

  @FieldResolver(() => StorageType)
  storage(@Root() { storageId }: CopyRow, @Ctx() { loaders }: Context) {
    return loaders.storage.load(storageId);
  }
}

@Resolver(() => BackupCopyType)
export class BackupCopyResolver {
  @FieldResolver(() => StorageType)
  storage(@Root() { storageId }: BackupCopyRow, @Ctx() { loaders }: Context) {
    return loaders.storage.load(storageId);
  }
}

@Resolver(() => BackupType)
export class BackupCopiesResolver {
  @FieldResolver(() => [BackupCopyType], { description: "The storages that it lies on, or is to: the one that is read first at the head." })
  async copies(@Root() { id, storageId }: BackupRow, @Ctx() { loaders }: Context) {
    const copies = (await loaders.copiesOf.load(id)).map((copy) => ({ ...copy, primary: copy.storageId === storageId }));
    return copies.sort((a, b) => Number(b.primary) - Number(a.primary));
  }
}
