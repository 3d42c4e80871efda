import { type ChannelRow, listChannels } from "../db/channels.ts";
import type { Db } from "../db/client.ts";
import { listSchedules, type ScheduleRow } from "../db/schedules.ts";
import { listSources, type SourceRow } from "../db/sources.ts";
import { listStorages, type StorageRow } from "../db/storages.ts";
import { directoryOf, type S3StorageConfig, type SftpStorageConfig } from "../domain/storage.ts";
import type { Configuration, ConfigurationSecrets } from "./configuration-document.ts";
import type { Sending } from "./sending.ts";
import type { OwnedSettings } from "./settings.ts";
import type { Sources } from "./sources.ts";
import type { Storages } from "./storages.ts";

/** What a configuration is read from. */
export interface ConfigurationReads {
  readonly db: Db;
  readonly settings: Pick<OwnedSettings, "current" | "storedSmtpUrl">;
  readonly storages: Pick<Storages, "secretsOf">;
  readonly sources: Pick<Sources, "connectionOf">;
  readonly sending: Pick<Sending, "targetOf">;
}

export type ConfigurationParts = Pick<Configuration, "settings" | "storages" | "sources" | "schedules" | "channels">;

/** Everything but history and secrets, sources and storages named by their names. */
export async function describeConfiguration({ db, settings }: ConfigurationReads): Promise<ConfigurationParts> {
  const [storages, sources] = [await listStorages(db), await listSources(db)];
  const nameOf = new Map<string, string>([...storages, ...sources].map(({ id, name }) => [id, name]));
  const named = (id: string | null) => (id === null ? null : (nameOf.get(id) ?? null));
  const { retention, notificationEmails, allowedEndpoints, recoveryRecipients, ...values } = await settings.current();
  return {
    settings: {
      ...values,
      retention,
      notificationEmails: [...notificationEmails],
      allowedEndpoints: [...allowedEndpoints],
      recoveryRecipients: [...recoveryRecipients],
    },
    storages: storages.map(storageEntry),
    sources: sources.map(sourceEntry),
    schedules: (await listSchedules(db)).map((row) => scheduleEntry(row, named)),
    channels: (await listChannels(db)).map((row) => channelEntry(row, named)),
  };
}

/** What the key file seals, in clear: for encryption with a passphrase, at once. */
export async function revealSecrets({ db, settings, storages, sources, sending }: ConfigurationReads): Promise<ConfigurationSecrets> {
  const sealed = (await listStorages(db)).filter(({ secret }) => secret !== null);
  const passwords = (await listSources(db)).filter(({ databasePassword }) => databasePassword !== null);
  const secretive = (await listChannels(db)).filter(({ secret }) => secret !== null);
  return {
    smtpUrl: await settings.storedSmtpUrl(),
    storages: Object.fromEntries(sealed.map((row) => [row.name, { ...storages.secretsOf(row) }])),
    sources: Object.fromEntries(passwords.map((row) => [row.name, sources.connectionOf(row)?.password ?? ""])),
    channels: Object.fromEntries(secretive.map((row) => [row.name, { ...sending.targetOf(row).secret }])),
  };
}

const storageEntry = ({ name, kind, config, isDefault, sizeCapBytes, bytesPerSecond }: StorageRow): Configuration["storages"][number] => ({
  ...{ name, kind, isDefault, sizeCapBytes, bytesPerSecond },
  directory: directoryOf({ kind, config }),
  s3: kind === "S3" ? (config as S3StorageConfig) : null,
  sftp: kind === "SFTP" ? (config as SftpStorageConfig) : null,
});

const sourceEntry = (row: SourceRow): Configuration["sources"][number] => ({
  name: row.name,
  database:
    row.databaseName === null
      ? null
      : {
          host: row.databaseHost ?? "",
          port: row.databasePort ?? 3306,
          user: row.databaseUser ?? "",
          database: row.databaseName,
          socketPath: row.databaseSocket,
          tls: row.databaseTls,
        },
  mediaPaths: [...row.mediaPaths],
  excludePatterns: [...row.excludePatterns],
  targetBackupAgeHours: row.targetBackupAgeHours,
  targetProofAgeHours: row.targetProofAgeHours,
  ...{ databaseEngine: row.databaseEngine, mediaMode: row.mediaMode },
  ...{ threads: row.threads, bytesPerSecond: row.bytesPerSecond, lowPriority: row.lowPriority },
});

function scheduleEntry(row: ScheduleRow, named: (id: string | null) => string | null): Configuration["schedules"][number] {
  const { name, kind, active, frequency, timeOfDay, dayOfWeek, dayOfMonth, cron, timeZone, backupType, compression, excludeLogs, encrypt } =
    row;
  const { retention, verifyAfter, missedRuns, graceMinutes, overlap, jitterSeconds, quietHours, retries, restoreMode, level } = row;
  const { databaseEngine, mediaMode } = row;
  return {
    ...{ name, kind, active, frequency, timeOfDay, dayOfWeek, dayOfMonth, cron, timeZone, backupType, compression, excludeLogs, encrypt },
    ...{ databaseEngine, mediaMode },
    ...{ retention, verifyAfter, missedRuns, graceMinutes, overlap, jitterSeconds, quietHours, retries, restoreMode, level },
    source: named(row.sourceId) ?? "",
    storage: named(row.storageId),
    otherStorages: (row.otherStorageIds ?? []).flatMap((id) => named(id) ?? []),
    targetSource: named(row.targetSourceId),
  };
}

const channelEntry = (row: ChannelRow, named: (id: string | null) => string | null): Configuration["channels"][number] => ({
  name: row.name,
  kind: row.kind,
  active: row.active,
  events: [...row.events],
  sources: row.sourceIds?.flatMap((id) => named(id) ?? []) ?? null,
  addresses: row.config.addresses ? [...row.config.addresses] : null,
  url: row.config.url ?? null,
  chatId: row.config.chatId ?? null,
  topic: row.config.topic ?? null,
  hasSecret: row.secret !== null,
});
