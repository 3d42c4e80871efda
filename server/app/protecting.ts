import { createBackupFiles } from "../services/backup-files.ts";
import { createBackups } from "../services/backups.ts";
import { createCopies } from "../services/copies.ts";
import { createDownloads } from "../services/downloads.ts";
import { createSources } from "../services/sources.ts";
import { version } from "../version.ts";
import type { Ground } from "./ground.ts";
import type { Running } from "./running.ts";
import type { Storing } from "./storing.ts";

/** What is protected, its backups and their copies, and what can be read and downloaded of them. */
export function wireProtecting(ground: Ground, { operations }: Running, { storages, keys, storedBackups, packs, deletions }: Storing) {
  const { db, bus, audit, secrets, conceal, owned, queue, tools, now, warn, onError } = ground;
  const sources = createSources({ db, audit, secrets, conceal, tools, now });
  const backups = createBackups({
    ...{ catalog: db, bus, audit, settings: owned, queue, tools, now, version, onError },
    ...{ operations, sources, storages, keys, packs, deletions },
  });
  const copies = createCopies({
    ...{ catalog: db, bus, audit, queue, now, onError },
    ...{ operations, backups, storages, storedBackups, packs, deletions },
  });
  const backupFiles = createBackupFiles({ backups, storedBackups });
  const downloads = createDownloads({ catalog: db, backups, backupFiles, storedBackups, bus, audit, now, warn, onError });
  return { sources, backups, copies, backupFiles, downloads };
}
export type Protecting = ReturnType<typeof wireProtecting>;
