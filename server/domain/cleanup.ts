import type { RetentionReason } from "../../shared/enums.ts";
import type { BackupId } from "./ids.ts";

/** What a cleanup did, kept when the backups' own rows are gone. */
export interface CleanupRecord {
  readonly removed: readonly CleanupEntry[];
  /** Backups that their storage would not let go of yet; they are tried again every minute. */
  readonly refused: readonly (CleanupEntry & { readonly problem: string })[];
  /** Copies that a storage over its cap gave up, or would not let go of yet, of backups that stay. */
  readonly copies?: readonly (CleanupEntry & { readonly storage: string; readonly problem: string | null })[];
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
  /** From how many storages it went; of older records: from one. */
  readonly storages?: number;
}

/** Bytes that entries amount to on all the storages that they went from. */
export const bytesOfEntries = (entries: readonly CleanupEntry[]): number =>
  entries.reduce((sum, { storedSize, storages = 1 }) => sum + storedSize * storages, 0);

/** What whoever asks for a cleanup may ask for. */
export interface CleanupRequest {
  /** Instead of every limit by days, this once. */
  readonly days: number | null;
  /** Also while deletion is paused because the clock jumped. */
  readonly force: boolean;
}
