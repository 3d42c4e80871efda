import { Arg, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root, Subscription } from "type-graphql";
import type { UploadId } from "../../domain/ids.ts";
import type { UploadRow } from "../../services/uploads.ts";
import { DatabaseSummaryType, MediaSummaryType } from "../backup/type.ts";
import type { Context } from "../context.ts";
import { SafeInt } from "../scalars.ts";
import type { Subscribing } from "../subscribing.ts";
import { FindingType, UploadType } from "./type.ts";

@Resolver(() => UploadType)
export class UploadResolver {
  @Query(() => UploadType, { nullable: true })
  upload(@Arg("id", () => ID) id: UploadId, @Ctx() { actor, services }: Context) {
    return services.uploads.find(actor, id);
  }

  @Query(() => [UploadType])
  uploads(@Ctx() { actor, services }: Context) {
    return services.uploads.list(actor);
  }

  @Mutation(() => UploadType, { description: "Announces a file; send its bytes to /uploads/ID by the tus protocol." })
  createUpload(
    @Arg("filename", () => String) filename: string,
    @Arg("size", () => SafeInt) size: number,
    @Ctx() { actor, services }: Context,
  ) {
    return services.uploads.create(actor, filename, size);
  }

  @Mutation(() => Boolean)
  deleteUpload(@Arg("id", () => ID) id: UploadId, @Ctx() { actor, services }: Context) {
    return services.uploads.remove(actor, id);
  }

  @Subscription(() => UploadType, {
    subscribe: ({ context }: Subscribing<unknown>) => context.services.uploads.watchChanges(context.actor),
  })
  uploadChanged(@Root() row: UploadRow) {
    return row;
  }

  @FieldResolver(() => Boolean, { description: "All bytes have arrived." })
  complete(@Root() { receivedBytes, size }: UploadRow) {
    return receivedBytes === size;
  }

  @FieldResolver(() => String, { nullable: true, description: "Found in its content: sql.zst, tar.gz, zip, holdfast and so on." })
  detectedFormat(@Root() { format }: UploadRow) {
    return format;
  }

  @FieldResolver(() => String, { nullable: true, description: "Why it cannot be restored." })
  problem(@Root() { problem }: UploadRow) {
    return problem?.message ?? null;
  }

  @FieldResolver(() => String, { nullable: true })
  problemHint(@Root() { problem }: UploadRow) {
    return problem?.hint ?? null;
  }

  @FieldResolver(() => [FindingType])
  findings(@Root() { inspection }: UploadRow) {
    return inspection?.findings ?? [];
  }

  @FieldResolver(() => DatabaseSummaryType, { nullable: true })
  database(@Root() { inspection }: UploadRow) {
    const database = inspection?.database;
    // Its tables cannot be taken out one by one: only our own dumps are cut at them.
    return database ? { ...database, rows: database.tables.reduce((sum, { rows }) => sum + rows, 0), framed: false } : null;
  }

  @FieldResolver(() => MediaSummaryType, { nullable: true })
  media(@Root() { inspection }: UploadRow) {
    return inspection?.media ?? null;
  }
}
