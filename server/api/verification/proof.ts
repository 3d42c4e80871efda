import { Ctx, FieldResolver, Float, Resolver, Root } from "type-graphql";
import type { BackupRow } from "../../services/backups.ts";
import type { SourceRow } from "../../services/sources.ts";
import { BackupType } from "../backup/type.ts";
import type { Context } from "../context.ts";
import { DateTime } from "../scalars.ts";
import { SourceType } from "../source/type.ts";
import { VerificationType } from "./type.ts";

/** What a backup shows of its verifications. */
@Resolver(() => BackupType)
export class BackupProofResolver {
  @FieldResolver(() => VerificationType, { nullable: true, description: "The newest, whatever came of it." })
  async lastVerification(@Root() { id }: BackupRow, @Ctx() { loaders }: Context) {
    return (await loaders.verificationsOf.load(id))[0] ?? null;
  }

  @FieldResolver(() => DateTime, { nullable: true, description: "When a drill last proved it by restoring it." })
  async provenAt(@Root() { id }: BackupRow, @Ctx() { loaders }: Context) {
    const all = await loaders.verificationsOf.load(id);
    return all.find(({ level, status, passed }) => level === "RESTORE" && status === "COMPLETED" && passed)?.finishedAt ?? null;
  }

  @FieldResolver(() => [VerificationType], { description: "Newest first." })
  verifications(@Root() { id }: BackupRow, @Ctx() { loaders }: Context) {
    return loaders.verificationsOf.load(id);
  }
}

/** What a source shows of the drills of its backups. */
@Resolver(() => SourceType)
export class SourceProofResolver {
  @FieldResolver(() => BackupType, { nullable: true, description: "The newest backup that a drill has proved." })
  async lastProven(@Root() { id }: SourceRow, @Ctx() { loaders }: Context) {
    const proof = await loaders.proof.load(id);
    return proof && loaders.backup.load(proof.backupId);
  }

  @FieldResolver(() => Float, { nullable: true, description: "Seconds that the restore of the newest passed drill took." })
  async measuredRestoreSeconds(@Root() { id }: SourceRow, @Ctx() { loaders }: Context) {
    return (await loaders.proof.load(id))?.restoreSeconds ?? null;
  }
}
