import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { insertBackup, type NewBackup } from "../../server/db/backups.ts";
import { insertSource } from "../../server/db/sources.ts";
import { insertStorage } from "../../server/db/storages.ts";
import { insertVerification } from "../../server/db/verifications.ts";
import type { Actor } from "../../server/domain/access.ts";
import { type BackupId, newId, type SourceId, type StorageId, type VerificationId } from "../../server/domain/ids.ts";
import { defaultSettings, type SettingValues } from "../../server/domain/settings.ts";
import { usualOptions } from "../../server/domain/source-load.ts";
import { localStorage, makeLocalRoot } from "../../server/engine/storage/local.ts";
import type { Storage } from "../../server/engine/storage/storage.ts";
import { memoryBus } from "../../server/events/memory.ts";
import { createAdmission } from "../../server/services/admission.ts";
import { createAudit } from "../../server/services/audit.ts";
import { createCleanups } from "../../server/services/cleanups.ts";
import { createClockWatch } from "../../server/services/clock-watch.ts";
import { createDeletions } from "../../server/services/deletions.ts";
import { createOperations } from "../../server/services/operations.ts";
import { createPackPruning } from "../../server/services/pack-pruning.ts";
import { createPackTurns } from "../../server/services/pack-turns.ts";
import type { BackupType } from "../../shared/enums.ts";
import { freshCatalog } from "./catalog.ts";
import { temporaryFolder } from "./uploads.ts";

export const administrator: Actor = { kind: "cli", name: "root", role: "ADMIN" };
const noDatabase = { databaseHost: null, databasePort: null, databaseUser: null, databasePassword: null, databaseName: null };
const hour = 3_600_000;

/** A catalog and a storage folder with backups of any age in them, and what cleans them up; the clock stands still until it is set. */
export async function agedBackups() {
  const fresh = await freshCatalog();
  const folder = await temporaryFolder();
  const { db } = fresh.catalog;
  const clock = { at: new Date("2026-11-22T03:00:00.000Z"), steady: 0 };
  const chosen: { settings: Partial<SettingValues>; storage: (storage: Storage) => Storage } = {
    settings: {},
    storage: (storage) => storage,
  };
  const now = () => clock.at;
  const bus = memoryBus();
  const queued: string[] = [];
  const problems: unknown[] = [];
  const onError = (error: unknown) => void problems.push(error);
  const audit = createAudit({ db, now });
  const admission = createAdmission({
    ...{ catalog: db, bus, now, onError, unlimited: true },
    ...{ queue: { add: async () => {} }, settings: { current: async () => defaultSettings } },
  });
  const operations = createOperations({ db, bus, now, admission, onError, ended: () => {} });
  const storage = join(folder.path, "backups");
  await makeLocalRoot(storage);
  const storageId = newId<StorageId>();
  await insertStorage(db, {
    ...{
      id: storageId,
      name: "Here",
      kind: "LOCAL",
      config: { directory: storage },
      isDefault: true,
      sizeCapBytes: null,
      createdAt: now(),
    },
  });
  const storages = { open: async () => chosen.storage(localStorage(storage)) };
  const packs = createPackPruning({
    ...{ catalog: db, storages, now, onError, say: () => {} },
    turns: createPackTurns({ catalog: db, now, onError }),
  });
  const deletions = createDeletions({ catalog: db, bus, storages, packs, now, onError });
  const watch = () => createClockWatch({ db, audit, now, monotonic: () => clock.steady });
  const settings = { current: async () => ({ ...defaultSettings, ...chosen.settings }) };
  const queue = { add: async (_job: string, id: string) => void queued.push(id) };
  const cleanupsWith = (clockWatch = watch()) =>
    createCleanups({ catalog: db, bus, audit, operations, deletions, clock: clockWatch, settings, queue, now });

  async function source(name: string): Promise<SourceId> {
    const id = newId<SourceId>();
    await insertSource(db, {
      ...{ id, name, slug: id.slice(0, 8), mediaPaths: [], excludePatterns: [], createdAt: now() },
      ...{
        ...noDatabase,
        databaseSocket: null,
        databaseTls: false,
        targetBackupAgeHours: null,
        targetProofAgeHours: null,
        ...usualOptions,
      },
    });
    return id;
  }

  /** A backup with files of its own, so many days old. */
  async function backup(
    sourceId: SourceId,
    daysOld: number,
    more: Partial<NewBackup> & { readonly type?: BackupType } = {},
  ): Promise<BackupId> {
    const id = newId<BackupId>();
    const createdAt = new Date(clock.at.getTime() - daysOld * 24 * hour);
    const base = `${sourceId.slice(0, 8)}/${id}`;
    await mkdir(join(storage, base), { recursive: true });
    await writeFile(join(storage, base, "database.sql"), "x".repeat(100));
    await writeFile(join(storage, base, "manifest.json"), "{}");
    await insertBackup(db, {
      ...{
        id,
        name: `${daysOld} days old`,
        type: "FULL",
        trigger: "SCHEDULE",
        actor: "schedule Nightly",
        sourceId,
        storageId,
        folder: base,
      },
      ...{ compression: "NONE", compressionLevel: 0, excludeLogs: true, artifacts: [], size: 100, storedSize: 100 },
      ...{ status: "COMPLETED", createdAt, finishedAt: createdAt, ...more },
    });
    return id;
  }

  /** One backup for each of these ages, in their order. */
  async function aging(sourceId: SourceId, days: readonly number[]): Promise<BackupId[]> {
    const ids = [];
    for (const each of days) ids.push(await backup(sourceId, each));
    return ids;
  }

  /** The ids of the folders that are on the storage. */
  const stored = (sourceId: SourceId): Promise<string[]> => readdir(join(storage, sourceId.slice(0, 8))).catch(() => []);

  /** Which of these still have files. */
  async function storedOf(sourceId: SourceId, ids: readonly string[]): Promise<string[]> {
    const there = await stored(sourceId);
    return ids.filter((id) => there.includes(id));
  }

  /** A verification of it that ended, or that still runs where `passed` is null. */
  async function verified(backupId: BackupId, passed: boolean | null, level: "CHECKSUM" | "RESTORE" = "RESTORE"): Promise<VerificationId> {
    const id = newId<VerificationId>();
    const status = passed === null ? "RUNNING" : "COMPLETED";
    await insertVerification(db, { id, backupId, level, actor: "root", passed, status, createdAt: now() });
    return id;
  }

  return {
    ...{
      db,
      catalog: fresh.catalog,
      clock,
      chosen,
      queued,
      problems,
      audit,
      operations,
      deletions,
      bus,
      storageId,
      storage,
      settings,
      queue,
      now,
    },
    ...{ source, backup, aging, verified, stored, storedOf, watch, cleanupsWith },
    opened: () => localStorage(storage),
    /** Lets time pass, on the wall's clock and on the one that nobody sets. */
    pass(milliseconds: number): void {
      clock.at = new Date(clock.at.getTime() + milliseconds);
      clock.steady += milliseconds;
    },
    async [Symbol.asyncDispose]() {
      await operations.stop();
      await fresh[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}
export type AgedBackups = Awaited<ReturnType<typeof agedBackups>>;
