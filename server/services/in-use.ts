import type { Db } from "../db/client.ts";
import { listActiveCopiesOf } from "../db/copies.ts";
import { listDownloading } from "../db/downloads.ts";
import { listBuildingOn } from "../db/packs.ts";
import { listActiveRestoresOf } from "../db/restores.ts";
import { listActiveVerificationsOf } from "../db/verifications.ts";
import { Failure } from "../domain/errors.ts";
import type { BackupId } from "../domain/ids.ts";

/**
 * Why nobody may take a backup away by hand now; null when nothing needs it. To be asked while it is locked, so that nothing
 * begins with it meanwhile.
 */
export async function whyInUse(
  db: Db,
  { id, name }: { readonly id: BackupId; readonly name: string },
  now: Date,
  verb = "Delete",
): Promise<Failure | null> {
  const refusal = (message: string, hint: string) => new Failure("CONFLICT", message, hint, { reason: "IN_USE" });
  if ((await listActiveRestoresOf(db, id)).length > 0)
    return refusal(`${name} is being restored.`, `${verb} it when the restore has ended.`);
  if ((await listActiveVerificationsOf(db, id)).length > 0)
    return refusal(`${name} is being verified.`, `${verb} it when that has ended, or cancel it first.`);
  if ((await listActiveCopiesOf(db, id)).length > 0)
    return refusal(`${name} is being copied to another storage.`, `${verb} it when that has ended, or cancel it first.`);
  if ((await listDownloading(db, [id], now)).length > 0)
    return refusal(`${name} is being downloaded.`, `${verb} it when the download has ended, or revoke its links first.`);
  const [builder] = await listBuildingOn(db, id);
  if (builder)
    return refusal(`${builder.name} is being taken, and builds on ${name}.`, `${verb} it when that has ended, or cancel it first.`);
  return null;
}
