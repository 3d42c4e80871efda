/**
 * What a restore wrote down before it touched anything, so that whoever finds it after a crash can put things right:
 * - `staging`: only scratch schemas and folders exist; they go.
 * - `swapping`: the target may be half swapped; it goes back to wholly old.
 * - `in-place`: the target is being overwritten; the pre-restore backup is put back.
 * - `committed`: the target is wholly new; what is left of the old goes.
 * The plans belong to the engine's drivers and are opaque here.
 */
export interface RestoreJournal {
  readonly state: "staging" | "swapping" | "in-place" | "committed";
  readonly database: unknown;
  readonly media: unknown;
  /** The restore made the database that it restores into, and it goes again with what it brought. */
  readonly made: boolean;
}

/** What a completed restore put back, as counted in the target. */
export interface RestoreResult {
  readonly tables: number;
  readonly rows: number;
  readonly views: number;
  readonly triggers: number;
  readonly routines: number;
  readonly events: number;
  readonly files: number;
  readonly directories: number;
  /** How long the target was being switched; null when it was restored in place. */
  readonly switchSeconds: number | null;
}
