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

/** A good backup, as retention sees it: complete, and neither failed nor found damaged. */
export interface RetainedBackup {
  readonly id: BackupId;
  readonly sourceId: SourceId;
  readonly storageId: StorageId;
  readonly type: BackupType;
  readonly createdAt: Date;
  readonly storedSize: number;
  readonly pinned: boolean;
  /** A drill has restored it. */
  readonly proven: boolean;
  /** A restore, a verification or a download needs it now. */
  readonly inUse: boolean;
  /** Its schedule's, or the global default; backups under the same `group` count together for the limits. */
  readonly retention: Retention;
  /** The schedule's id, or the source's for backups without one. */
  readonly group: string;
}

/** What becomes of one backup, with every reason that keeps it, or the one that lets it go. */
export interface Verdict {
  readonly id: BackupId;
  readonly keep: boolean;
  readonly reasons: readonly RetentionReason[];
  /** When the last limit that keeps it by age will let it go; null where that cannot be known. */
  readonly expiresAt: Date | null;
}
