interface Of {
  readonly storedBytes: number;
  readonly backupCount: number;
}

export interface Statistics {
  readonly totalBackups: number;
  readonly completedBackups: number;
  readonly failedBackups: number;
  readonly successRate: number | null;
  readonly storedBytes: number;
  readonly averageDurationSeconds: number | null;
  readonly lastBackupAt: string | null;
  readonly nextRunAt: string | null;
  readonly compressionRatio: number | null;
  readonly bySource: readonly (Of & {
    readonly source: { readonly name: string };
    readonly successRate: number | null;
    readonly backupAgeSeconds: number | null;
    readonly proofAgeSeconds: number | null;
    readonly measuredRestoreSeconds: number | null;
  })[];
  readonly byStorage: readonly (Of & {
    readonly storage: { readonly name: string };
    readonly freeBytes: number | null;
    readonly fullAt: string | null;
  })[];
}

export const statisticsDocument = `query ($days: Int) { statistics(days: $days) {
  totalBackups completedBackups failedBackups cancelledBackups successRate storedBytes originalBytes averageDurationSeconds lastDurationSeconds
  lastBackupAt nextRunAt compressionRatio bytesPerSecond verificationsPassed verificationsFailed
  bySource { source { id name } storedBytes backupCount successRate averageDurationSeconds lastGoodAt lastProvenAt backupAgeSeconds proofAgeSeconds
    targetBackupAgeSeconds targetProofAgeSeconds backupInTarget proofInTarget measuredRestoreSeconds }
  byStorage { storage { id name } storedBytes backupCount freeBytes growthPerDay fullAt }
  byDay { day completed failed cancelled storedBytes totalBytes } } }`;
