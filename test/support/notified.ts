import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { insertBackup, type NewBackup } from "../../server/db/backups.ts";
import type { Db } from "../../server/db/client.ts";
import { insertSource, type SourceRow } from "../../server/db/sources.ts";
import type { Failure } from "../../server/domain/errors.ts";
import { type BackupId, newId, type SourceId, type StorageId } from "../../server/domain/ids.ts";
import { defaultSettings, type SettingValues } from "../../server/domain/settings.ts";
import { usualOptions } from "../../server/domain/source-load.ts";
import { memoryBus } from "../../server/events/memory.ts";
import { createAlerts } from "../../server/services/alerts.ts";
import { createAudit } from "../../server/services/audit.ts";
import { createChannels } from "../../server/services/channels.ts";
import { createDeliveries } from "../../server/services/deliveries.ts";
import { openSecrets } from "../../server/services/secrets.ts";
import { createSending } from "../../server/services/sending.ts";
import { freshCatalog } from "./catalog.ts";

/** A clock that stands until it is moved. */
export const movableClock = (start: string) => {
  let at = new Date(start);
  return {
    now: () => at,
    set: (next: Date) => {
      at = next;
    },
    pass: (milliseconds: number) => {
      at = new Date(at.getTime() + milliseconds);
    },
  };
};
export const minutes = (count: number) => count * 60_000;
export const hours = (count: number) => count * 3_600_000;
export const days = (count: number) => count * 24 * 3_600_000;

/** The services that tell people, on a catalog of their own and with a clock of the test's; `worker` makes further ones beside them. */
export async function notified(start = "2026-11-01T00:00:00.000Z") {
  const fresh = await freshCatalog();
  const { db } = fresh.catalog;
  const folder = await mkdtemp(join(tmpdir(), "holdfast-notified-"));
  const secrets = await openSecrets(join(folder, "key"), { mayCreate: true });
  const clock = movableClock(start);
  const untouched = { ...defaultSettings, allowedEndpoints: ["127.0.0.1"] };
  const unforeseen: unknown[] = [];
  const disk: { free: number; total: number; problem: Failure | null } = { free: 900e9, total: 1000e9, problem: null };
  let mailUrl: string | null = null;
  let values: SettingValues = untouched;
  const settings = {
    current: async () => values,
    mail: async () => (mailUrl === null ? null : { url: mailUrl, from: "backup@example.com" }),
  };
  const workers: { idle(): Promise<void>; stop(): Promise<void> }[] = [];

  function worker(own: Db = db) {
    const [bus, { now }] = [memoryBus(), clock];
    const onError = (error: unknown) => unforeseen.push(error);
    const audit = createAudit({ db: own, now });
    const sending = createSending({ secrets, conceal: () => {}, settings, publicUrl: () => "https://backup.example.com", now });
    const deliveries = createDeliveries({ db: own, bus, audit, settings, sending, now, onError });
    const channels = createChannels({ db: own, bus, audit, settings, sending, now });
    const alerts = createAlerts({
      db: own,
      bus,
      settings,
      deliveries,
      storages: { capacity: async () => disk, problemOf: async () => disk.problem },
      now,
    });
    workers.push(deliveries);
    return { bus, sending, deliveries, channels, alerts };
  }

  return {
    ...{ db, catalog: fresh.catalog, address: fresh.address, clock, disk, settings, unforeseen, worker, secrets },
    ...worker(),
    set(changes: Partial<SettingValues>) {
      values = { ...values, ...changes };
    },
    mailBy(url: string | null) {
      mailUrl = url;
    },
    /** As it was in the beginning: nothing in the catalog, nothing changed. */
    async reset() {
      await Promise.all(workers.map((each) => each.idle()));
      for (const table of ["deliveries", "alert_states", "channels", "backup_manifests", "verifications", "backups"])
        await fresh.catalog.pool.query(`DELETE FROM ${table}`);
      for (const table of ["schedule_runs", "schedules", "sources", "storages", "marks", "audit_entries"])
        await fresh.catalog.pool.query(`DELETE FROM ${table}`);
      clock.set(new Date(start));
      Object.assign(disk, { free: 900e9, total: 1000e9, problem: null });
      [mailUrl, values] = [null, untouched];
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(workers.map((each) => each.stop()));
      await fresh[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

export async function addSourceRow(db: Db, name: string, createdAt: Date, more: Partial<SourceRow> = {}): Promise<SourceRow> {
  const row: SourceRow = {
    ...{ id: newId<SourceId>(), name, slug: randomBytes(8).toString("hex"), mediaPaths: [], excludePatterns: [], createdAt },
    ...{ databaseHost: null, databasePort: null, databaseUser: null, databasePassword: null, databaseName: "shop" },
    ...{ databaseSocket: null, databaseTls: false, targetBackupAgeHours: null, targetProofAgeHours: null, ...usualOptions },
    ...more,
  };
  await insertSource(db, row);
  return row;
}

/** A backup that has ended as it is told. */
export async function addBackupRow(
  db: Db,
  sourceId: SourceId,
  storageId: StorageId,
  status: "COMPLETED" | "FAILED" | "CANCELLED",
  at: Date,
  more: Partial<NewBackup> = {},
): Promise<BackupId> {
  const id = newId<BackupId>();
  await insertBackup(db, {
    ...{ id, name: `Backup ${at.toISOString()}`, type: "DATABASE", trigger: "MANUAL", actor: "root", sourceId, storageId },
    ...{ compression: "ZSTD", compressionLevel: 3, excludeLogs: true, folder: `f/${id}`, artifacts: [], status },
    ...{ createdAt: at, startedAt: at, finishedAt: at },
    ...(status === "FAILED"
      ? {
          errorCode: "SOURCE_UNAVAILABLE",
          errorMessage: "The database at db:3306 refused the user shop: wrong user name or password.",
          errorHint: "Check the user name and the password of the source.",
        }
      : {}),
    ...more,
  });
  return id;
}
