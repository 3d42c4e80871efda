import { Arg, Ctx, ID, Mutation, Query, Resolver } from "type-graphql";
import type { BackupId } from "../../domain/ids.ts";
import type { Context } from "../context.ts";
import { DownloadLinkType } from "./downloads-type.ts";

@Resolver()
export class BackupDownloadsResolver {
  @Query(() => [DownloadLinkType], {
    description: "The download links to a backup that work still or are being read through, the newest first, 100 at most.",
  })
  downloads(@Arg("backupId", () => ID) backupId: BackupId, @Ctx() { actor, services }: Context) {
    return services.downloads.list(actor, backupId);
  }

  @Mutation(() => Boolean, { description: "Takes one download link away, and ends what is read through it." })
  async revokeDownload(@Arg("id", () => ID) id: string, @Ctx() { actor, services }: Context) {
    await services.downloads.revokeOne(actor, id);
    return true;
  }
}
