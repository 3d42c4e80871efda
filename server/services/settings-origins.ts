import { isDeepStrictEqual } from "node:util";
import type { SettingOrigin } from "../../shared/enums.ts";
import type { SettingRow } from "../db/settings.ts";
import { defaultSettings, type SettingValues } from "../domain/settings.ts";

/** Where a setting's value comes from, and for one that the dashboard set, who did it. */
export interface SettingSource {
  /** The field of the settings. */
  readonly name: string;
  readonly origin: SettingOrigin;
  readonly environmentName: string | null;
  readonly updatedAt: Date | null;
  readonly actor: string | null;
}

/** The settings that the environment may give to begin with, and under which name. */
export const environmentNames: Partial<Record<keyof SettingValues, string>> = {
  retentionDays: "BACKUP_RETENTION_DAYS",
  autoCleanup: "BACKUP_AUTO_CLEANUP",
  toolsPath: "BACKUP_MYSQL_PATH",
  compression: "BACKUP_COMPRESSION_LEVEL",
  compressionLevel: "BACKUP_COMPRESSION_LEVEL",
  emailNotifications: "BACKUP_EMAIL_NOTIFICATIONS",
  notificationEmails: "BACKUP_NOTIFICATION_EMAIL",
};

export const settingNames = Object.keys(defaultSettings) as (keyof SettingValues)[];

/** The sealed secret's name in the catalog, and the field that people see of it. */
export const mailSecret = "secret.smtpUrl";
export const mailField = "mailServer";

export const valuesOf = (rows: readonly SettingRow[]): SettingValues => ({
  ...defaultSettings,
  ...Object.fromEntries(rows.filter(({ name }) => name in defaultSettings).map(({ name, value }) => [name, value])),
});

/** One for each setting, and one for the mail server, which the environment gives as long as the dashboard has none. */
export function originsOf(rows: readonly SettingRow[], mailFromEnvironment: boolean): SettingSource[] {
  const known = new Map(rows.map((row) => [row.name, row]));
  const settings = settingNames.map((name) => sourceOf(name, known.get(name), environmentNames[name] ?? null));
  const stored = known.get(mailSecret);
  const mail: SettingSource =
    stored || !mailFromEnvironment
      ? sourceOf(mailField, stored, null)
      : { name: mailField, origin: "ENVIRONMENT", environmentName: "HOLDFAST_SMTP_URL", updatedAt: null, actor: null };
  return [...settings, mail];
}

function sourceOf(name: string, row: SettingRow | undefined, environmentName: string | null): SettingSource {
  if (!row) return { name, origin: "DEFAULT", environmentName: null, updatedAt: null, actor: null };
  const { origin, updatedAt, actor } = row;
  return origin === "ENVIRONMENT"
    ? { name, origin, environmentName, updatedAt, actor: null }
    : { name, origin, environmentName: null, updatedAt, actor };
}

/** The environment's names that say something else than what is in force: they change nothing, and a reader of the log shall know. */
export function namesThatDiffer(given: Partial<SettingValues>, present: SettingValues): string[] {
  const differing = settingNames.filter((name) => name in given && !isDeepStrictEqual(given[name], present[name]));
  return [...new Set(differing.flatMap((name) => environmentNames[name] ?? []))];
}
