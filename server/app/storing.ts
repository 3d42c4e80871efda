import { createDeletions } from "../services/deletions.ts";
import { createKeptBackups } from "../services/kept-backups.ts";
import { createKeys } from "../services/keys.ts";
import { createLabels } from "../services/labels.ts";
import { createPackPruning } from "../services/pack-pruning.ts";
import { createPackTurns } from "../services/pack-turns.ts";
import { createStorageAccess } from "../services/storage-access.ts";
import { type AdaptStorage, createStorageAdapters } from "../services/storage-adapters.ts";
import { createStorageLooks } from "../services/storage-looks.ts";
import { createStorageMarks } from "../services/storage-marks.ts";
import { createStorages } from "../services/storages.ts";
import { createStoredBackups } from "../services/stored-backups.ts";
import type { Ground } from "./ground.ts";

/** Where backups are kept: the storages, the keys that open what lies there, its labels and packs, and how it is deleted. */
export function wireStoring({ settings, db, bus, audit, secrets, conceal, owned, now, onError, warn, say }: Ground, adapt?: AdaptStorage) {
  const kept = createKeptBackups({ catalog: db, bus, now });
  const adapters = createStorageAdapters({ warn, ...(adapt ? { adapt } : {}) });
  const [looks, marks] = [createStorageLooks({ bus, now }), createStorageMarks({ db, now, onError })];
  const access = createStorageAccess({ secrets, conceal, settings: owned, adapters, marks, looks, now });
  const bounds = { home: settings.home, roots: settings.storageRoots };
  const storages = createStorages({ db, bus, audit, access, marks, bounds, now, use: kept.byStorage });
  const keys = createKeys({ db, audit, secrets, settings: owned, now });
  const storedBackups = createStoredBackups({ catalog: db, storages, keys });
  const labels = createLabels({ catalog: db, bus, audit, storages, signing: keys.signing, now, onError });
  const packs = createPackPruning({ catalog: db, storages, turns: createPackTurns({ catalog: db, now, onError }), now, onError, say });
  const deletions = createDeletions({ catalog: db, bus, storages, packs, now, onError });
  return { kept, adapters, looks, bounds, storages, keys, storedBackups, labels, packs, deletions };
}
export type Storing = ReturnType<typeof wireStoring>;
