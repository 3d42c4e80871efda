import type { SettingsPartsFragment } from "../graphql/generated.ts";
import { recipientsFault } from "./encryption-words.ts";

/** The settings as the forms hold them: texts are never null, a number is null while its field is empty. */
export interface SettingTexts {
  timeZone: string;
  toolsPath: string;
  historyDays: number | null;
  compression: SettingsPartsFragment["compression"];
  compressionLevel: number;
  defaultStorageId: string;
  concurrency: number | null;
  concurrencyPerSource: number | null;
  sizeAnomalyPercent: number | null;
  storageLowPercent: number | null;
  retentionDays: number | null;
  keepLast: number | null;
  keepDaily: number | null;
  keepWeekly: number | null;
  keepMonthly: number | null;
  keepYearly: number | null;
  autoCleanup: boolean;
  emailNotifications: boolean;
  notificationEmails: string;
  notifyOnFailure: boolean;
  notifyOnSuccess: boolean;
  mailFrom: string;
  weeklyDigest: boolean;
  digestDay: string;
  allowedEndpoints: string;
  encryptBackups: boolean;
  recoveryRecipients: string;
  targetBackupAgeHours: number | null;
  targetProofAgeHours: number | null;
}
export type SettingName = keyof SettingTexts;
export type Origin = SettingsPartsFragment["origins"][number];

export const limitNames = ["keepLast", "keepDaily", "keepWeekly", "keepMonthly", "keepYearly"] as const;
export const isLimit = (name: SettingName): boolean => limitNames.some((limit) => limit === name);

/** What the server calls the field: the limits beside the days are one of its settings. */
export const fieldOf = (name: SettingName): string => (isLimit(name) ? "retention" : name === "defaultStorageId" ? "defaultStorage" : name);

/** Lines or a list with commas, as a person types addresses, without empty ones. */
export const listed = (text: string): string[] =>
  text
    .split(/[\n,;]+/)
    .map((one) => one.trim())
    .filter(Boolean);

export const textsOf = (settings: SettingsPartsFragment): SettingTexts => ({
  timeZone: settings.timeZone,
  toolsPath: settings.toolsPath ?? "",
  historyDays: settings.historyDays,
  compression: settings.compression,
  compressionLevel: settings.compressionLevel,
  defaultStorageId: settings.defaultStorage?.id ?? "",
  concurrency: settings.concurrency,
  concurrencyPerSource: settings.concurrencyPerSource,
  sizeAnomalyPercent: settings.sizeAnomalyPercent,
  storageLowPercent: settings.storageLowPercent,
  retentionDays: settings.retentionDays,
  ...settings.retention,
  autoCleanup: settings.autoCleanup,
  emailNotifications: settings.emailNotifications,
  notificationEmails: settings.notificationEmails.join("\n"),
  notifyOnFailure: settings.notifyOnFailure,
  notifyOnSuccess: settings.notifyOnSuccess,
  mailFrom: settings.mailFrom ?? "",
  weeklyDigest: settings.weeklyDigest,
  digestDay: String(settings.digestDay),
  allowedEndpoints: settings.allowedEndpoints.join("\n"),
  encryptBackups: settings.encryptBackups,
  recoveryRecipients: settings.recoveryRecipients.join("\n"),
  targetBackupAgeHours: settings.targetBackupAgeHours,
  targetProofAgeHours: settings.targetProofAgeHours,
});

/** Where a value comes from, for the line below its field; the moment is said beside it. */
export function originWords(origin: Origin): string {
  if (origin.origin === "DEFAULT") return "Default";
  if (origin.origin === "ENVIRONMENT") return `From ${origin.environmentName ?? "the environment"}, taken over on the first start`;
  return origin.actor ? `Set by ${origin.actor}` : "Set here";
}

export const weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"] as const;

/** The address of a mail server from what a person knows of it. */
export function smtpUrlOf(server: { host: string; port: number; secure: boolean; user: string; password: string }): string {
  const { host, port, secure, user, password } = server;
  const name = host.includes(":") ? `[${host}]` : host;
  const account = user === "" ? "" : `${encodeURIComponent(user)}${password === "" ? "" : `:${encodeURIComponent(password)}`}@`;
  return `${secure ? "smtps" : "smtp"}://${account}${name}:${port}`;
}

/** What is wrong with what is typed, by field, where the browser itself does not say it. */
export function settingFaults(texts: SettingTexts): Partial<Record<SettingName, string>> {
  const faults: Partial<Record<SettingName, string>> = {};
  const strange = listed(texts.notificationEmails).find((address) => !/^[^@\s]+@[^@\s]+$/.test(address));
  if (strange) faults.notificationEmails = `${strange} is not a mail address.`;
  if (texts.emailNotifications && listed(texts.notificationEmails).length === 0)
    faults.notificationEmails = "Say to which addresses, or switch mails off.";
  if (texts.concurrency !== null && texts.concurrencyPerSource !== null && texts.concurrencyPerSource > texts.concurrency)
    faults.concurrencyPerSource = "This cannot be more than what runs at once in all.";
  const stranger = recipientsFault(listed(texts.recoveryRecipients));
  if (stranger) faults.recoveryRecipients = stranger;
  return faults;
}

/** The sections of the page in their order; some are only for who may configure. */
export const settingsSections = (mayConfigure: boolean): { readonly id: string; readonly title: string }[] => [
  { id: "general", title: "General and tools" },
  { id: "backups", title: "Backups" },
  { id: "encryption", title: "Encryption" },
  { id: "retention", title: "Retention" },
  { id: "notifications", title: "Notifications" },
  { id: "targets", title: "Targets" },
  ...(mayConfigure
    ? [
        { id: "configuration", title: "Export and import" },
        { id: "tokens", title: "API tokens" },
      ]
    : []),
  { id: "system", title: "System" },
];
