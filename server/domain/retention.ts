import type { BackupType, RetentionReason } from "../../shared/enums.ts";
import type { BackupId, SourceId, StorageId } from "./ids.ts";

/** Limits that keep; a backup goes only when no limit keeps it. Null sets no limit of that kind. */
export interface Retention {
  readonly days: number | null;
  readonly keepLast: number | null;
  readonly keepDaily: number | null;
  readonly keepWeekly: number | null;
  readonly keepMonthly: number | null;
  readonly keepYearly: number | null;
}

/** A completed backup, as retention sees it. Failed and unfinished ones are none of its business: they count for nothing. */
export interface RetainedBackup {
  readonly id: BackupId;
  readonly sourceId: SourceId;
  /** All that have it. */
  readonly storages: readonly StorageId[];
  readonly type: BackupType;
  readonly createdAt: Date;
  readonly storedSize: number;
  /** Not found damaged by its last verification. Only good ones count for limits by number, and only they protect a source. */
  readonly good: boolean;
  readonly pinned: boolean;
  /** A drill has restored it. */
  readonly proven: boolean;
  /** A restore, a verification, a copy or a download needs it now. */
  readonly inUse: boolean;
  /** Its schedule's, or the global default. */
  readonly retention: Retention;
  /** Backups of one group count together for the limits: those of one type of a schedule, or of a source without one. */
  readonly group: string;
}

/** What becomes of one backup, with every reason that keeps it, or the one that lets it go. */
export interface Verdict {
  readonly id: BackupId;
  readonly keep: boolean;
  readonly reasons: readonly RetentionReason[];
  /** When the limit by days lets it go; null where it is pinned, or only other limits and protections keep it. */
  readonly expiresAt: Date | null;
  /** Of one that is kept: the storages that give up their copy, because they are over their cap and others have it. */
  readonly leaves: readonly StorageId[];
}

/** The most that the backups of a storage may take. */
export interface SizeCap {
  readonly storageId: StorageId;
  readonly capBytes: number;
}

/** What the rule looks at beside the backups. */
export interface RetentionView {
  readonly now: Date;
  /** The IANA zone in which days, weeks, months and years begin. */
  readonly timeZone: string;
  readonly caps: readonly SizeCap[];
}
