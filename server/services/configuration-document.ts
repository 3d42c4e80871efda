import { z } from "zod";
import {
  backupTypes,
  channelKinds,
  compressions,
  databaseEngines,
  mediaModes,
  missedRunPolicies,
  notificationEvents,
  overlapPolicies,
  restoreModes,
  scheduleFrequencies,
  scheduleKinds,
  storageKinds,
  verificationLevels,
} from "../../shared/enums.ts";
import { badInput } from "../domain/errors.ts";

export const documentFormat = "holdfast-configuration";
export const documentVersion = 1;

const text = z.string().max(4096);
const name = z.string().max(200);
const names = z.array(text).max(1000);
const count = z.number().int();
const limit = count.nullable();
const limits = { keepLast: limit, keepDaily: limit, keepWeekly: limit, keepMonthly: limit, keepYearly: limit };

const settings = z.strictObject({
  retentionDays: count,
  retention: z.strictObject(limits),
  autoCleanup: z.boolean(),
  compression: z.enum(compressions),
  compressionLevel: count,
  emailNotifications: z.boolean(),
  notificationEmails: names,
  notifyOnSuccess: z.boolean(),
  notifyOnFailure: z.boolean(),
  mailFrom: text.nullable(),
  weeklyDigest: z.boolean(),
  digestDay: count,
  timeZone: text,
  toolsPath: text.nullable(),
  concurrency: count,
  concurrencyPerSource: count,
  storageLowPercent: count,
  sizeAnomalyPercent: count,
  targetBackupAgeHours: limit,
  targetProofAgeHours: limit,
  allowedEndpoints: names,
  // Left out by what was exported before there was encryption: then they stay as they are.
  encryptBackups: z.boolean().optional(),
  recoveryRecipients: names.optional(),
  historyDays: count,
});

/** Of directory, s3 and sftp the one of its kind; the last two, and the speed, are not in what was exported before there were any. */
const storage = z.strictObject({
  name,
  kind: z.enum(storageKinds),
  directory: text.nullable().default(null),
  s3: z
    .strictObject({
      ...{ bucket: text, prefix: text, region: text, endpoint: text.nullable(), accessKeyId: text },
      forcePathStyle: z.boolean(),
    })
    .nullable()
    .default(null),
  sftp: z.strictObject({ host: text, port: count, user: text, hostKey: text, directory: text }).nullable().default(null),
  isDefault: z.boolean(),
  sizeCapBytes: limit,
  bytesPerSecond: limit.default(null),
});

const source = z.strictObject({
  name,
  database: z
    .strictObject({ host: text, port: count, user: text, database: text, socketPath: text.nullable(), tls: z.boolean() })
    .nullable(),
  mediaPaths: names,
  excludePatterns: names,
  targetBackupAgeHours: limit,
  targetProofAgeHours: limit,
  // Left out by what was exported before there were any: then they stay as they are.
  databaseEngine: z.enum(databaseEngines).optional(),
  mediaMode: z.enum(mediaModes).optional(),
  threads: limit.optional(),
  bytesPerSecond: limit.optional(),
  lowPriority: z.boolean().optional(),
});

/** Sources and storages by name. */
const schedule = z.strictObject({
  name,
  kind: z.enum(scheduleKinds),
  active: z.boolean(),
  frequency: z.enum(scheduleFrequencies),
  timeOfDay: text.nullable(),
  dayOfWeek: limit,
  dayOfMonth: limit,
  cron: text.nullable(),
  timeZone: text,
  source: name,
  storage: name.nullable(),
  otherStorages: names.default([]),
  backupType: z.enum(backupTypes),
  compression: z.enum(compressions).nullable(),
  excludeLogs: z.boolean(),
  databaseEngine: z.enum(databaseEngines).nullable().optional(),
  mediaMode: z.enum(mediaModes).nullable().optional(),
  encrypt: z.boolean().nullable().default(null),
  retention: z.strictObject({ days: limit, ...limits }).nullable(),
  verifyAfter: z.enum(verificationLevels).nullable(),
  missedRuns: z.enum(missedRunPolicies),
  graceMinutes: count,
  overlap: z.enum(overlapPolicies),
  jitterSeconds: count,
  quietHours: z.strictObject({ from: text, to: text }).nullable(),
  retries: count,
  targetSource: name.nullable(),
  restoreMode: z.enum(restoreModes).nullable(),
  level: z.enum(verificationLevels).nullable(),
});

const channel = z.strictObject({
  name,
  kind: z.enum(channelKinds),
  active: z.boolean(),
  events: z.array(z.enum(notificationEvents)),
  /** Null: of all sources. */
  sources: names.nullable(),
  addresses: names.nullable(),
  url: text.nullable(),
  chatId: text.nullable(),
  topic: text.nullable(),
  hasSecret: z.boolean(),
});

const configuration = z.strictObject({
  format: z.literal(documentFormat),
  version: z.literal(documentVersion),
  exportedAt: text,
  holdfast: text,
  settings,
  storages: z.array(storage).max(1000),
  sources: z.array(source).max(10_000),
  schedules: z.array(schedule).max(50_000),
  channels: z.array(channel).max(1000),
  /** An age file in armour, of the JSON below; null without a passphrase. */
  secrets: z.string().nullable(),
});

const storageSecret = z.strictObject({
  secretAccessKey: text.optional(),
  password: text.optional(),
  privateKey: z.string().max(65_536).optional(),
});
const channelSecret = z.strictObject({ url: text.optional(), token: text.optional(), signingKey: text.optional() });
const secrets = z.strictObject({
  smtpUrl: text.nullable(),
  /** Passwords of sources, and what is secret about storages and channels, by name. */
  storages: z.record(z.string(), storageSecret).default({}),
  sources: z.record(z.string(), text),
  channels: z.record(z.string(), channelSecret),
});

/** The whole configuration, as it is written to a file. */
export type Configuration = z.output<typeof configuration>;
export type ConfigurationSecrets = z.output<typeof secrets>;
export const noSecrets: ConfigurationSecrets = { smtpUrl: null, storages: {}, sources: {}, channels: {} };

/** The configuration that a file holds; BAD_USER_INPUT for what is none, or of a version that we do not know. */
export function parseConfiguration(content: string): Configuration {
  const parsed = json(content);
  const { format, version } = (typeof parsed === "object" && parsed !== null ? parsed : {}) as { format?: unknown; version?: unknown };
  if (format !== documentFormat)
    throw badInput("This is not a configuration that Holdfast exported.", "Choose the JSON file that the export gave.");
  if (version !== documentVersion)
    throw badInput(
      `This configuration has the format version ${JSON.stringify(version)?.slice(0, 20)}; this Holdfast reads version ${documentVersion}.`,
      "Import it into the release that exported it, or a newer one.",
    );
  return checked(configuration, parsed, "The configuration");
}

export const parseSecrets = (content: string): ConfigurationSecrets =>
  checked(secrets, json(content), "What is secret in the configuration");

function json(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    throw badInput("This file is not JSON.", "Choose the JSON file that the export gave.");
  }
}

/** No value is repeated: some are secrets. */
function checked<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const places = result.error.issues.slice(0, 5).map(({ path, code }) => `${path.join(".") || "the top"} (${code.replaceAll("_", " ")})`);
  throw badInput(`${what} is not as it has to be: ${places.join(", ")}.`, "Export it again, or undo what was changed by hand.");
}
