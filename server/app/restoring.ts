import { join } from "node:path";
import { openThrowaway, sweepThrowaways } from "../db/embedded/throwaway.ts";
import { deathGuard } from "../engine/process.ts";
import { openReceived } from "../engine/upload/received.ts";
import type { OpenScratchServer } from "../engine/verify.ts";
import { createRestorePlans } from "../services/restore-plans.ts";
import { createRestores } from "../services/restores.ts";
import { createUploadContents } from "../services/upload-contents.ts";
import { createUploads } from "../services/uploads.ts";
import { createVerifications } from "../services/verifications.ts";
import type { Ground } from "./ground.ts";
import type { Protecting } from "./protecting.ts";
import type { Running } from "./running.ts";
import type { Storing } from "./storing.ts";

/** How backups come back: restores and their plans, files that were uploaded to restore from, and the drills that prove it. */
export async function wireRestoring(ground: Ground, { operations }: Running, { storedBackups }: Storing, { sources, backups }: Protecting) {
  const { settings, db, bus, audit, queue, tools, now, onError } = ground;
  const files = await openReceived(join(settings.home, "uploads"));
  const restores = createRestores({
    ...{ catalog: db, bus, audit, queue, tools, now, onError },
    ...{ operations, backups, sources, storedBackups },
    uploads: createUploadContents({ catalog: db, files }),
  });
  const sweepScratch = () => sweepThrowaways(settings.home);
  const openScratchServer: OpenScratchServer = async (bytes, { signal, say }) => {
    // What an earlier drill left takes the room that this one needs.
    await sweepScratch();
    return openThrowaway(settings.home, { signal, bytes, guard: deathGuard(), say: (line) => say("INFO", line) });
  };
  const verifications = createVerifications({ catalog: db, bus, operations, backups, storedBackups, queue, tools, openScratchServer, now });
  const uploads = createUploads({ catalog: db, bus, queue, files, now, onError });
  return { restores, restorePlans: createRestorePlans({ catalog: db, restores, sources }), verifications, uploads, sweepScratch };
}
export type Restoring = Awaited<ReturnType<typeof wireRestoring>>;
