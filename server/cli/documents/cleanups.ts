export interface Entry {
  readonly id: string;
  readonly name: string;
  readonly source: string;
  readonly createdAt: string;
  readonly storedSize: number;
  readonly reason: string;
  readonly problem: string | null;
}

export interface CleanupResult {
  readonly dryRun: boolean;
  readonly freedBytes: number;
  readonly kept: number;
  readonly removed: readonly Entry[];
  readonly refused: readonly Entry[];
}

export const cleanupDocument = `mutation ($days: Int, $dryRun: Boolean, $force: Boolean) {
  cleanupBackups(days: $days, dryRun: $dryRun, force: $force) {
    dryRun freedBytes kept
    removed { id name source createdAt storedSize reason problem } refused { id name source createdAt storedSize reason problem } } }`;
