import { existsSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { parseEnv } from "node:util";
import { Failure } from "./domain/errors.ts";
import type { SettingValues } from "./domain/settings.ts";
import { type Fields, fieldNames, fields } from "./settings/fields.ts";
import { nearest } from "./settings/nearest.ts";

/** What the environment and `.env` say, checked; paths are absolute. Frozen. */
export interface Settings {
  /** As written; it need not exist yet. */
  readonly home: string;
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** An origin with no slash at its end; null: from host and port. */
  readonly publicUrl: string | null;
  /** `mysql://…`; null: the embedded catalog. */
  readonly databaseUrl: string | null;
  readonly role: "all";
  readonly keyFile: string;
  readonly admin: { readonly email: string; readonly password: string } | null;
  readonly logLevel: NonNullable<Fields["HOLDFAST_LOG_LEVEL"]>;
  /** The mail server, as long as the dashboard has none of its own. */
  readonly smtpUrl: string | null;
  /** The folders that local storages may be in; none: anywhere. Not for the dashboard to change. */
  readonly storageRoots: readonly string[];
  /** The source to begin with; null: none is described. */
  readonly firstSource: FirstSource | null;
  /** The first storage's folder; null: the default. */
  readonly firstDirectory: string | null;
  /** The settings to begin with, as far as they are given. */
  readonly firstSettings: Partial<SettingValues>;
}

export interface FirstSource {
  readonly name: string;
  readonly database: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly password: string;
    readonly database: string;
    readonly socketPath: string | null;
  } | null;
  readonly mediaPaths: readonly string[];
}

export interface LoadedSettings {
  readonly settings: Settings;
  /** Sentences about names that were set to no effect. */
  readonly warnings: readonly string[];
  /** The values that no log may show. */
  readonly secrets: readonly string[];
}

/**
 * Reads the settings from an environment and the text of a `.env` file, of which the environment wins; `defaults` stand where neither
 * says anything. Throws one Failure that names
 * every problem at once: unknown `HOLDFAST_` names, values that cannot be, and what this release cannot do.
 */
export function loadSettings(
  defaults: Readonly<Record<string, string>> = {},
  environment: NodeJS.ProcessEnv = process.env,
  envFileText = readEnvFile(),
): LoadedSettings {
  const given = new Map<string, string>();
  for (const [name, value] of Object.entries({ ...defaults, ...parseEnv(envFileText), ...environment }))
    if (/^(HOLDFAST|BACKUP)_/.test(name) && value) given.set(name, value);
  const unknown = [...given.keys()].filter((name) => !fieldNames.includes(name));
  const problems = unknown.filter((name) => name.startsWith("HOLDFAST_")).map((name) => `${name} is not a setting${guess(name)}.`);
  const warnings = unknown
    .filter((name) => name.startsWith("BACKUP_"))
    .map((name) => `${name} is not a setting and is ignored${guess(name)}.`);

  const parsed = fields.safeParse(Object.fromEntries(given));
  for (const issue of parsed.error?.issues ?? []) problems.push(issue.message.replace("%s", String(issue.path[0])));
  problems.push(...missing(given));
  if (!parsed.success || problems.length > 0)
    throw new Failure(
      "BAD_USER_INPUT",
      problems.join(" "),
      "Settings come from the environment and from the file .env in the working directory.",
    );
  return { settings: settingsFrom(parsed.data), warnings, secrets: secretsOf(parsed.data) };
}

function readEnvFile(): string {
  const file = join(process.cwd(), ".env");
  try {
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  } catch (cause) {
    throw new Failure("BAD_USER_INPUT", `The file ${file} cannot be read.`, "Let this account read it, or take it away.", { cause });
  }
}

const guess = (name: string) => {
  const known = nearest(name, fieldNames);
  return known ? `; ${known} is` : "";
};

/** Names that make sense only together. */
function missing(given: ReadonlyMap<string, string>): readonly string[] {
  const needs = (name: string, other: string) => (given.has(name) && !given.has(other) ? [`${name} needs ${other} beside it.`] : []);
  const ofDatabase = ["BACKUP_MYSQL_HOST", "BACKUP_MYSQL_PORT", "BACKUP_MYSQL_USER", "BACKUP_MYSQL_PASSWORD", "BACKUP_MYSQL_SOCKET"];
  return [
    ...needs("HOLDFAST_ADMIN_EMAIL", "HOLDFAST_ADMIN_PASSWORD"),
    ...needs("HOLDFAST_ADMIN_PASSWORD", "HOLDFAST_ADMIN_EMAIL"),
    ...ofDatabase.flatMap((name) => needs(name, "BACKUP_MYSQL_DATABASE")).slice(0, 1),
    ...needs("BACKUP_MYSQL_DATABASE", "BACKUP_MYSQL_USER"),
  ];
}

function settingsFrom(given: Fields): Settings {
  const home = given.HOLDFAST_HOME ?? resolve("data");
  const [email, password] = [given.HOLDFAST_ADMIN_EMAIL, given.HOLDFAST_ADMIN_PASSWORD];
  const firstSource = firstSourceFrom(given);
  return Object.freeze({
    home,
    host: given.HOLDFAST_HOST ?? "127.0.0.1",
    port: given.HOLDFAST_PORT ?? 4400,
    publicUrl: given.HOLDFAST_PUBLIC_URL ?? null,
    databaseUrl: given.HOLDFAST_DATABASE_URL ?? null,
    role: "all",
    keyFile: given.HOLDFAST_KEY_FILE ?? join(home, "holdfast.key"),
    admin: email && password ? Object.freeze({ email, password }) : null,
    logLevel: given.HOLDFAST_LOG_LEVEL ?? "info",
    smtpUrl: given.HOLDFAST_SMTP_URL ?? null,
    storageRoots: Object.freeze(given.HOLDFAST_STORAGE_ROOTS ?? []),
    firstSource,
    firstDirectory: given.BACKUP_DIRECTORY ?? null,
    firstSettings: Object.freeze(firstSettingsFrom(given)),
  });
}

function firstSettingsFrom(given: Fields): Partial<SettingValues> {
  const { BACKUP_COMPRESSION_LEVEL: compressionLevel, BACKUP_NOTIFICATION_EMAIL: address } = given;
  const first = {
    retentionDays: given.BACKUP_RETENTION_DAYS,
    autoCleanup: given.BACKUP_AUTO_CLEANUP,
    toolsPath: given.BACKUP_MYSQL_PATH,
    emailNotifications: given.BACKUP_EMAIL_NOTIFICATIONS,
    notificationEmails: address && [address],
    // The level is on gzip's scale, so it brings gzip with it.
    ...(compressionLevel === undefined ? {} : { compression: "GZIP", compressionLevel }),
  };
  return Object.fromEntries(Object.entries(first).filter(([, value]) => value !== undefined));
}

function firstSourceFrom(given: Fields): FirstSource | null {
  const { BACKUP_MYSQL_DATABASE: database, BACKUP_MEDIA_ROOT: media } = given;
  if (!database && !media) return null;
  return Object.freeze({
    name: database ?? (basename(media ?? "") || "media"),
    database: database
      ? Object.freeze({
          host: given.BACKUP_MYSQL_HOST ?? "127.0.0.1",
          port: given.BACKUP_MYSQL_PORT ?? 3306,
          user: given.BACKUP_MYSQL_USER ?? "",
          password: given.BACKUP_MYSQL_PASSWORD ?? "",
          database,
          socketPath: given.BACKUP_MYSQL_SOCKET ?? null,
        })
      : null,
    mediaPaths: Object.freeze(media ? [media] : []),
  });
}

function secretsOf(given: Fields): readonly string[] {
  const inUrls = [given.HOLDFAST_DATABASE_URL, given.HOLDFAST_SMTP_URL].map((url) => (url ? new URL(url).password : ""));
  const { HOLDFAST_ADMIN_PASSWORD: admin = "", BACKUP_MYSQL_PASSWORD: source = "" } = given;
  return [...inUrls.flatMap((password) => [password, decoded(password)]), admin, source].filter(Boolean);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
