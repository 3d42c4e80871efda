import type { RetentionReason } from "../../shared/enums.ts";
import type { BackupId } from "./ids.ts";

/** What a cleanup did, kept when the backups' own rows are gone. */
export interface CleanupRecord {
  readonly removed: readonly CleanupEntry[];
  /** Backups that their storage would not let go of yet; they are tried again every minute. */
  readonly refused: readonly (CleanupEntry & { readonly problem: string })[];
  /** How many were looked at and kept. */
  readonly kept: number;
}

export interface CleanupEntry {
  readonly id: BackupId;
  readonly name: string;
  readonly source: string;
  readonly createdAt: string;
  readonly storedSize: number;
  readonly reason: RetentionReason;
}

/** What whoever asks for a cleanup may ask for. */
export interface CleanupRequest {
  /** Instead of every limit by days, this once. */
  readonly days: number | null;
  /** Also while deletion is paused because the clock jumped. */
  readonly force: boolean;
}
