/** One table of a drill: what the backup says it holds, and what came back. */
export interface TableCheck {
  readonly table: string;
  readonly expectedRows: number;
  readonly restoredRows: number;
  /** Rows and content are the same. */
  readonly matches: boolean;
  /** Why not, as a sentence; null when it matches. */
  readonly problem: string | null;
}

/** What a verification found. Kept in the catalog as JSON. */
export interface VerificationReport {
  readonly passed: boolean;
  /** Each table of a drill; empty for a CHECKSUM. */
  readonly tables: readonly TableCheck[];
  /** Files compared with the index by a drill; null where there is no media or no drill. */
  readonly filesChecked: number | null;
  /** Stored bytes that were read and hashed. */
  readonly bytesChecked: number;
  /** What is wrong, as sentences, the worst first; empty when it passed. */
  readonly problems: readonly string[];
  /** How long the restore of the drill took: the measured time to recover. Null for a CHECKSUM, and where it did not pass. */
  readonly restoreSeconds: number | null;
}
