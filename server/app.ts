import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Catalog, openCatalog } from "./db/client.ts";
import { findDrillServer, openThrowaway, sweepThrowaways } from "./db/embedded/throwaway.ts";
import { type Embedded, openEmbedded } from "./db/embedded.ts";
import { migrate } from "./db/migrate.ts";
import { holdsSealedSecrets } from "./db/secrets.ts";
import { findTools } from "./engine/database/tools.ts";
import { deathGuard } from "./engine/process.ts";
import { openReceived } from "./engine/upload/received.ts";
import type { OpenScratchServer } from "./engine/verify.ts";
import { memoryBus } from "./events/memory.ts";
import { adoptFirstSettings, publicUrlOf } from "./first-settings.ts";
import type { Log } from "./log.ts";
import { createActivity } from "./services/activity.ts";
import { createAdmission } from "./services/admission.ts";
import { noAlarm } from "./services/alarm.ts";
import { createAlerts } from "./services/alerts.ts";
import { createAttempts } from "./services/attempts.ts";
import { createAudit } from "./services/audit.ts";
import { createBackupFiles } from "./services/backup-files.ts";
import { createBackups } from "./services/backups.ts";
import { createCatalogRebuild } from "./services/catalog-rebuild.ts";
import { createChannels } from "./services/channels.ts";
import { createCleanups } from "./services/cleanups.ts";
import { createClockWatch } from "./services/clock-watch.ts";
import { createConfiguration } from "./services/configuration.ts";
import { configurationWritesOn } from "./services/configuration-writes.ts";
import { createCopies } from "./services/copies.ts";
import { createDeletions } from "./services/deletions.ts";
import { createDeliveries } from "./services/deliveries.ts";
import { createDigest } from "./services/digest.ts";
import { createDownloads } from "./services/downloads.ts";
import { followOthers } from "./services/followed.ts";
import { createFollowers } from "./services/followers.ts";
import { healthGroups } from "./services/health/groups.ts";
import { createHealth } from "./services/health.ts";
import { followBeginnings } from "./services/heartbeats.ts";
import { createHistory } from "./services/history.ts";
import { createKeptBackups } from "./services/kept-backups.ts";
import { createKeys } from "./services/keys.ts";
import { createLabels } from "./services/labels.ts";
import { createMetrics } from "./services/metrics.ts";
import { logOperations } from "./services/operation-lines.ts";
import { createOperations } from "./services/operations.ts";
import { createPackPruning } from "./services/pack-pruning.ts";
import { createPackTurns } from "./services/pack-turns.ts";
import type { Queue } from "./services/queue.ts";
import { createReads, type Reads } from "./services/reads.ts";
import { createRecoveryKits } from "./services/recovery-kit.ts";
import { createRestorePlans } from "./services/restore-plans.ts";
import { createRestores } from "./services/restores.ts";
import { createScheduleRuns } from "./services/schedule-runs.ts";
import { createSchedules } from "./services/schedules.ts";
import { openSecrets, type Secrets } from "./services/secrets.ts";
import { createSending } from "./services/sending.ts";
import type { Services } from "./services/services.ts";
import { createSettings } from "./services/settings.ts";
import { createSources } from "./services/sources.ts";
import { createStatistics } from "./services/statistics.ts";
import { createStorageAccess } from "./services/storage-access.ts";
import { type AdaptStorage, createStorageAdapters } from "./services/storage-adapters.ts";
import { createStorageLooks } from "./services/storage-looks.ts";
import { createStorageMarks } from "./services/storage-marks.ts";
import { createStorages } from "./services/storages.ts";
import { createStoredBackups } from "./services/stored-backups.ts";
import { createSystem } from "./services/system.ts";
import { createTokens } from "./services/tokens.ts";
import { createUpkeep, type Upkeep } from "./services/upkeep.ts";
import { createUploadContents } from "./services/upload-contents.ts";
import { createUploads } from "./services/uploads.ts";
import { createUsers } from "./services/users.ts";
import { createVerifications } from "./services/verifications.ts";
import type { Settings } from "./settings.ts";
import { version } from "./version.ts";

/** Everything below the protocols, built and wired; main.ts serves it, the command line uses it. */
export interface App {
  readonly catalog: Catalog;
  readonly secrets: Secrets;
  readonly services: Services;
  readonly reads: Reads;
  readonly upkeep: Upkeep;
  /** Resolves when all that follows from operations that have ended is done. */
  idle(): Promise<void>;
  /** Where the dashboard is, for links in messages, as soon as that is known. */
  servedAt(url: string): void;
  /** Cancels what runs here and lets go of the catalog. */
  close(): Promise<void>;
}

/** The folder that holds server/ and drizzle/, whether this runs from source or from dist/. */
const root = (() => {
  const above = dirname(dirname(fileURLToPath(import.meta.url)));
  return above.endsWith("/dist") ? dirname(above) : above;
})();
export const dashboardFolder = join(root, "dist/client");

/**
 * Opens the catalog (embedded without a URL), brings it up to date, and builds the services. `queueOn` makes the queue that
 * wakes workers. Aborting `signal` calls the opening off. `now` is the clock of everything in it; `adapt` stands before each storage.
 */
export async function openApp(
  settings: Settings,
  { log, conceal }: Log,
  queueOn: (catalog: Catalog) => Promise<Queue>,
  signal?: AbortSignal,
  now: () => Date = () => new Date(),
  adapt?: AdaptStorage,
): Promise<App> {
  const say = (line: string) => log.info(line);
  const embedded = settings.databaseUrl ? null : await openEmbedded(settings.home, { say, ...(signal ? { signal } : {}) });
  const catalog = openCatalog(embedded ? pick(embedded) : { url: settings.databaseUrl ?? "" });
  try {
    await migrate(catalog.pool, join(root, "drizzle"));
    const queue = await queueOn(catalog);
    return await wire(
      settings,
      { log, conceal },
      catalog,
      queue,
      now,
      async () => {
        await catalog.close();
        await embedded?.close();
      },
      adapt,
    );
  } catch (error) {
    await catalog.close();
    await embedded?.close();
    throw error;
  }
}

const pick = ({ socketPath, user, database }: Embedded) => ({ socketPath, user, database });

async function wire(
  settings: Settings,
  { log, conceal }: Log,
  catalog: Catalog,
  queue: Queue,
  now: () => Date,
  close: () => Promise<void>,
  adapt: AdaptStorage | undefined,
): Promise<App> {
  const { db } = catalog;
  const say = (line: string) => log.info(line);
  const onError = (error: unknown) => log.error({ err: error }, "unforeseen error");
  const secrets = await openSecrets(settings.keyFile, { mayCreate: !(await holdsSealedSecrets(db)) });
  const bus = memoryBus();

  const followers = createFollowers(onError);
  const audit = createAudit({ db, now });
  const owned = createSettings({ db, audit, secrets, conceal, findTools, environmentSmtpUrl: settings.smtpUrl, now });
  const { tools } = owned;
  const admission = createAdmission({ catalog: db, bus, queue, settings: owned, now, onError, unlimited: !queue.alarm });
  followers.add(admission.follow);
  const operations = createOperations({
    db,
    bus,
    now,
    admission,
    onError: (error, operationId) => log.error({ err: error, operationId }, "unforeseen error in an operation"),
    ended: followers.tell,
    takenOver: ({ kind, id }) => log.warn({ operationId: id, kind }, "operation was taken over"),
  });
  // A command shows what it does itself; without an alarm this is one.
  const lines = queue.alarm
    ? logOperations({ catalog: db, bus, write: (level, fields, words) => log[level](fields, words), onError })
    : null;
  if (lines) followers.add(lines.follow);
  const kept = createKeptBackups({ catalog: db, bus, now });
  const adapters = createStorageAdapters({ warn: (message) => log.warn(message), ...(adapt ? { adapt } : {}) });
  const [looks, marks] = [createStorageLooks({ bus, now }), createStorageMarks({ db, now, onError })];
  const access = createStorageAccess({ secrets, conceal, settings: owned, adapters, marks, looks, now });
  const bounds = { home: settings.home, roots: settings.storageRoots };
  const storages = createStorages({ db, bus, audit, access, marks, bounds, now, use: kept.byStorage });
  const keys = createKeys({ db, audit, secrets, settings: owned, now });
  const storedBackups = createStoredBackups({ catalog: db, storages, keys });
  const sources = createSources({ db, audit, secrets, conceal, tools, now });
  const labels = createLabels({ catalog: db, bus, audit, storages, signing: keys.signing, now, onError });
  const packs = createPackPruning({ catalog: db, storages, turns: createPackTurns({ catalog: db, now, onError }), now, onError, say });
  const deletions = createDeletions({ catalog: db, bus, storages, packs, now, onError });
  const backups = createBackups({
    catalog: db,
    bus,
    audit,
    operations,
    sources,
    storages,
    keys,
    packs,
    deletions,
    settings: owned,
    queue,
    tools,
    now,
    version,
    onError,
  });
  const copies = createCopies({
    catalog: db,
    bus,
    audit,
    operations,
    backups,
    storages,
    storedBackups,
    packs,
    deletions,
    queue,
    now,
    onError,
  });
  followers.add(copies.follow, packs.pruneDue);
  const files = await openReceived(join(settings.home, "uploads"));
  const restores = createRestores({
    catalog: db,
    bus,
    audit,
    operations,
    backups,
    sources,
    storedBackups,
    queue,
    tools,
    now,
    onError,
    uploads: createUploadContents({ catalog: db, files }),
  });
  const sweepScratch = () => sweepThrowaways(settings.home);
  const openScratchServer: OpenScratchServer = async (bytes, { signal, say }) => {
    // What an earlier drill left takes the room that this one needs.
    await sweepScratch();
    return openThrowaway(settings.home, { signal, bytes, guard: deathGuard(), say: (line) => say("INFO", line) });
  };
  const verifications = createVerifications({ catalog: db, bus, operations, backups, storedBackups, queue, tools, openScratchServer, now });
  const scheduleRuns = createScheduleRuns({
    ...{ catalog: db, bus, now, backups, restores, verifications, onError },
    alarm: queue.alarm ?? noAlarm,
    warn: (message) => log.warn(message),
  });
  let dashboardUrl = publicUrlOf(settings);
  const sending = createSending({ secrets, conceal, settings: owned, publicUrl: () => dashboardUrl, now });
  const deliveries = createDeliveries({ db, bus, audit, settings: owned, sending, now, onError });
  const alerts = createAlerts({ db, bus, settings: owned, deliveries, storages, now });
  const digest = createDigest({ db, bus, settings: owned, deliveries, now });
  const heartbeats = followBeginnings({ db, bus, sending, onError });
  // Whether a failed try is made good by another is known once its run has been settled.
  followers.add(scheduleRuns.follow, alerts.follow);
  const uploads = createUploads({ catalog: db, bus, queue, files, now, onError });
  const schedules = createSchedules({ catalog: db, bus, alarm: scheduleRuns.alarm, audit, settings: owned, sources, storages, now });
  const clock = createClockWatch({ db, audit, now, monotonic: () => performance.now() });
  const cleanups = createCleanups({ catalog: db, bus, audit, operations, deletions, clock, settings: owned, queue, now });
  followers.add(cleanups.follow);
  const history = createHistory({ catalog: db, settings: owned, clock, now });
  const catalogName = settings.databaseUrl
    ? `MySQL or MariaDB at ${new URL(settings.databaseUrl).host}`
    : `Embedded MariaDB in ${settings.home}`;
  const backupFiles = createBackupFiles({ backups, storedBackups });
  const statistics = createStatistics({ catalog: db, settings: owned, storages, kept, now });
  const health = createHealth({
    ...{ bus, now, onError },
    groups: healthGroups({
      ...{ catalog: db, catalogName, home: settings.home, keyFile: settings.keyFile, settings: owned, sources, storages, schedules },
      ...{ statistics, kept, keys, clock, tools, drillServer: findDrillServer, now },
      queueAlive: queue.checkAlive ? async () => queue.checkAlive?.() : null,
      url: () => dashboardUrl,
    }),
  });
  const services: Services = {
    alerts,
    channels: createChannels({ db, bus, audit, settings: owned, sending, now }),
    deliveries,
    activity: createActivity({ db }),
    audit,
    operations,
    backups,
    backupFiles,
    keys,
    recoveryKit: createRecoveryKits({
      ...{ db, audit, keys, settings: owned, version, now, attempts: createAttempts(now), machine: hostname() },
      publicUrl: () => dashboardUrl,
    }),
    labels,
    catalogRebuild: createCatalogRebuild({ catalog: db, bus, audit, storages, signing: keys.signing, clock, now }),
    restores,
    verifications,
    cleanups,
    copies,
    scheduleRuns,
    restorePlans: createRestorePlans({ catalog: db, restores, sources }),
    uploads,
    downloads: createDownloads({ catalog: db, backups, backupFiles, storedBackups, bus, audit, now, onError }),
    sources,
    storages,
    schedules,
    settings: owned,
    configuration: createConfiguration({
      catalog: db,
      audit,
      reads: { db, settings: owned, storages, sources, sending },
      writesOn: configurationWritesOn({
        ...{ secrets, conceal, findTools, environmentSmtpUrl: settings.smtpUrl, bus, now },
        ...{ adapters, looks, bounds, onError },
        alarm: queue.alarm ?? noAlarm,
        publicUrl: () => dashboardUrl,
      }),
      version,
      now,
    }),
    metrics: createMetrics({ catalog: db, settings: owned, storages, kept, health, version, now }),
    statistics,
    health,
    tokens: createTokens({ db, audit, now }),
    users: createUsers({ db, audit, now }),
    system: createSystem({ version, catalog: catalogName, home: settings.home, health }),
  };
  await adoptFirstSettings(settings, services, say);
  await alerts.begins();
  const others = followOthers({ db, bus, now, onError });
  return {
    catalog,
    secrets,
    services,
    reads: createReads(db, storages, schedules, cleanups, now),
    upkeep: createUpkeep({
      operations,
      backups,
      labels,
      restores,
      verifications,
      cleanups,
      copies,
      history,
      uploads,
      storages,
      schedules,
      scheduleRuns,
      alerts,
      deliveries,
      digest,
      admission,
      queue,
      sweepScratch,
      onError,
    }),
    idle: followers.idle,
    servedAt(url) {
      dashboardUrl = url;
    },
    async close() {
      await uploads.stop();
      await scheduleRuns.stop();
      admission.stop();
      await operations.stop();
      await followers.idle();
      await labels.stop();
      await heartbeats.stop();
      await deliveries.stop();
      await others.stop();
      lines?.stop();
      adapters.close();
      await close();
    },
  };
}
