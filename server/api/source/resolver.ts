import { Arg, Ctx, FieldResolver, Float, ID, Int, Mutation, Query, Resolver, Root } from "type-graphql";
import type { SourceId } from "../../domain/ids.ts";
import type { SourceRow } from "../../services/sources.ts";
import { BackupType } from "../backup/type.ts";
import type { Context } from "../context.ts";
import { SourceInput } from "./input.ts";
import { ConnectionCheckType, DatabaseConnectionType, SourceType } from "./type.ts";

@Resolver(() => SourceType)
export class SourceResolver {
  @Query(() => [SourceType])
  sources(@Ctx() { actor, services }: Context) {
    return services.sources.list(actor);
  }

  @Query(() => SourceType, { nullable: true })
  source(@Arg("id", () => ID) id: SourceId, @Ctx() { actor, services }: Context) {
    return services.sources.find(actor, id);
  }

  @Mutation(() => SourceType)
  createSource(@Arg("input", () => SourceInput) input: SourceInput, @Ctx() { actor, services }: Context) {
    return services.sources.create(actor, input);
  }

  @Mutation(() => SourceType)
  updateSource(
    @Arg("id", () => ID) id: SourceId,
    @Arg("input", () => SourceInput) input: SourceInput,
    @Ctx() { actor, services }: Context,
  ) {
    return services.sources.update(actor, id, input);
  }

  @Mutation(() => Boolean)
  deleteSource(@Arg("id", () => ID) id: SourceId, @Ctx() { actor, services }: Context) {
    return services.sources.remove(actor, id);
  }

  @Mutation(() => ConnectionCheckType)
  checkSource(
    @Arg("id", () => ID, { nullable: true }) id: SourceId | null,
    @Arg("input", () => SourceInput, { nullable: true }) input: SourceInput | null,
    @Ctx() { actor, services }: Context,
  ) {
    return services.sources.check(actor, id ?? null, input ?? null);
  }

  @FieldResolver(() => DatabaseConnectionType, { nullable: true })
  database(@Root() row: SourceRow) {
    if (row.databaseName === null) return null;
    return {
      host: row.databaseHost,
      port: row.databasePort,
      user: row.databaseUser,
      database: row.databaseName,
      socketPath: row.databaseSocket,
      tls: row.databaseTls,
      hasPassword: row.databasePassword !== null,
    };
  }

  @FieldResolver(() => BackupType, {
    nullable: true,
    description: "The newest completed backup that holds all that the source has; with none, the newest of a part.",
  })
  lastBackup(@Root() row: SourceRow, @Ctx() { services }: Context) {
    return services.sources.lastBackup(row);
  }

  @FieldResolver(() => BackupType, { nullable: true, description: "The newest backup whatever came of it." })
  latestAttempt(@Root() { id }: SourceRow, @Ctx() { services }: Context) {
    return services.sources.latestAttempt(id);
  }

  @FieldResolver(() => Int, { description: "Failed attempts since the last completed backup." })
  failuresSinceBackup(@Root() { id }: SourceRow, @Ctx() { services }: Context) {
    return services.sources.failuresSinceBackup(id);
  }

  @FieldResolver(() => Float, { nullable: true, description: "Median seconds of this source's completed restores; null with none." })
  expectedRestoreSeconds(@Root() { id }: SourceRow, @Ctx() { services }: Context) {
    return services.sources.expectedRestoreSeconds(id);
  }
}
