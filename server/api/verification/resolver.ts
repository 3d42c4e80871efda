import { Arg, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root, Subscription } from "type-graphql";
import type { VerificationLevel } from "../../../shared/enums.ts";
import type { BackupId, VerificationId } from "../../domain/ids.ts";
import type { VerificationRow } from "../../services/verifications.ts";
import { BackupType } from "../backup/type.ts";
import type { Context } from "../context.ts";
import { VerificationLevelEnum } from "../enums.ts";
import { SafeInt } from "../scalars.ts";
import type { Subscribing } from "../subscribing.ts";
import { TableCheckType, VerificationType } from "./type.ts";

@Resolver(() => VerificationType)
export class VerificationResolver {
  @Query(() => VerificationType, { nullable: true })
  verification(@Arg("id", () => ID) id: VerificationId, @Ctx() { actor, services }: Context) {
    return services.verifications.find(actor, id);
  }

  @Mutation(() => VerificationType)
  verifyBackup(
    @Arg("id", () => ID) id: BackupId,
    @Arg("level", () => VerificationLevelEnum) level: VerificationLevel,
    @Ctx() { actor, services }: Context,
  ) {
    return services.verifications.create(actor, id, level);
  }

  @Subscription(() => VerificationType, {
    description: "A verification was asked for, began or ended.",
    subscribe: ({ context }: Subscribing<object>) => context.services.verifications.watchChanges(context.actor),
  })
  verificationChanged(@Root() verification: VerificationRow) {
    return verification;
  }

  @FieldResolver(() => BackupType)
  backup(@Root() { backupId }: VerificationRow, @Ctx() { loaders }: Context) {
    return loaders.backup.load(backupId);
  }

  @FieldResolver(() => [TableCheckType], { description: "Each table of a drill; empty for a CHECKSUM." })
  async tables(@Root() { id }: VerificationRow, @Ctx() { loaders }: Context) {
    return (await loaders.report.load(id))?.report.tables ?? [];
  }

  @FieldResolver(() => SafeInt, { nullable: true, description: "Files compared by a drill." })
  async filesChecked(@Root() { id }: VerificationRow, @Ctx() { loaders }: Context) {
    return (await loaders.report.load(id))?.report.filesChecked ?? null;
  }

  @FieldResolver(() => SafeInt, { nullable: true, description: "Stored bytes that were read and hashed." })
  async bytesChecked(@Root() { id }: VerificationRow, @Ctx() { loaders }: Context) {
    return (await loaders.report.load(id))?.report.bytesChecked ?? null;
  }

  @FieldResolver(() => [String], { description: "What is wrong with the backup, the worst first; empty when it passed." })
  async problems(@Root() { id }: VerificationRow, @Ctx() { loaders }: Context) {
    return (await loaders.report.load(id))?.report.problems ?? [];
  }
}
