import { Failure } from "../domain/errors.ts";
import type { Manifest } from "../domain/manifest.ts";
import { filesOfBackup } from "../engine/backup-files.ts";
import type { Storage } from "../engine/storage/storage.ts";
import type { Work } from "./running.ts";

/**
 * Asked right before a backup's manifest: whether it is still this worker's to finish. A catalog that is away keeps no backup
 * from being finished, if what was stored still lies there whole: somebody who could reach the catalog may have taken the
 * operation over, and removed it.
 */
export async function confirmBackup(
  work: Pick<Work, "holds" | "say">,
  storage: Storage,
  folder: string,
  manifest: Manifest,
): Promise<void> {
  if (await work.holds()) return;
  for (const { name, storedSize } of filesOfBackup(manifest, folder))
    if ((await storage.size(name)) !== storedSize)
      throw new Failure(
        "INTERRUPTED",
        `The catalog is away, and ${name} does not lie on the storage any more as it was stored: another worker took this backup over.`,
        "Take another one when the catalog is back.",
      );
  work.say("WARN", "The catalog is away. The backup is finished all the same, and written into the catalog when that is back.");
}
