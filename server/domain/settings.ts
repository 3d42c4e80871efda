import type { Compression } from "../../shared/enums.ts";
import { compressionLevels } from "../../shared/limits.ts";
import type { Retention } from "./retention.ts";

/** What the settings page owns, apart from secrets. */
export interface SettingValues {
  readonly retentionDays: number;
  /** The global default beside `retentionDays`, for backups whose schedule has no retention of its own. */
  readonly retention: Omit<Retention, "days">;
  readonly autoCleanup: boolean;
  readonly compression: Compression;
  readonly compressionLevel: number;
  readonly emailNotifications: boolean;
  readonly notificationEmails: readonly string[];
  readonly notifyOnSuccess: boolean;
  readonly notifyOnFailure: boolean;
  /** The sender of mails; null: made from the mail server's account. */
  readonly mailFrom: string | null;
  readonly weeklyDigest: boolean;
  /** 0 Sunday to 6 Saturday, at 08:00 in `timeZone`. */
  readonly digestDay: number;
  /** For the digest, for days of retention and statistics. */
  readonly timeZone: string;
  /** Folder or program of the client tools; null: found by itself. */
  readonly toolsPath: string | null;
  /** How many operations run at once, in all and on one source. */
  readonly concurrency: number;
  readonly concurrencyPerSource: number;
  /** A storage with less free than this is low. */
  readonly storageLowPercent: number;
  /** A backup that differs from its like by more is told as an anomaly. */
  readonly sizeAnomalyPercent: number;
  /** The oldest that a source's newest good, and newest proven, backup may become; null: any age. */
  readonly targetBackupAgeHours: number | null;
  readonly targetProofAgeHours: number | null;
  /** Host names, addresses and networks (CIDR) that notifications may be sent to though they are private. */
  readonly allowedEndpoints: readonly string[];
  /** Whether backups are encrypted where neither who asks nor the schedule says otherwise. */
  readonly encryptBackups: boolean;
  /** age recipients (`age1…`) that open encrypted backups beside the server's own key. */
  readonly recoveryRecipients: readonly string[];
  /** How long records of failed operations, runs and deliveries are kept. */
  readonly historyDays: number;
}

/** Each setting as it is before anyone changed it. */
export const defaultSettings: SettingValues = {
  retentionDays: 30,
  retention: { keepLast: null, keepDaily: null, keepWeekly: null, keepMonthly: null, keepYearly: null },
  autoCleanup: true,
  compression: "ZSTD",
  compressionLevel: compressionLevels.ZSTD.preset,
  emailNotifications: false,
  notificationEmails: [],
  notifyOnSuccess: false,
  notifyOnFailure: true,
  mailFrom: null,
  weeklyDigest: false,
  digestDay: 1,
  timeZone: "UTC",
  toolsPath: null,
  concurrency: 2,
  concurrencyPerSource: 1,
  storageLowPercent: 10,
  sizeAnomalyPercent: 50,
  targetBackupAgeHours: 26,
  targetProofAgeHours: null,
  allowedEndpoints: [],
  encryptBackups: false,
  recoveryRecipients: [],
  historyDays: 365,
};
