/** Limits that the server enforces and the dashboard's forms state. */
export const limits = {
  nameLength: 120,
  descriptionLength: 2000,
  passwordMinimum: 12,
  passwordMaximum: 128,
  mediaPaths: 20,
  excludePatterns: 200,
  pageSize: 200,
  targetHours: 87_600,
  threads: 64,
  /** Bytes of a source each second: with less, its snapshot would stay open for days. */
  slowestSource: 100_000,
  mailAddresses: 20,
  allowedEndpoints: 100,
  recoveryRecipients: 10,
  graceMinutes: 10_080,
  jitterSeconds: 3600,
  retries: 10,
  previewCount: 100,
} as const;

/** Compression levels by format, as the tools count them. */
export const compressionLevels = {
  NONE: { min: 0, max: 0, preset: 0 },
  GZIP: { min: 1, max: 9, preset: 6 },
  ZSTD: { min: 1, max: 19, preset: 3 },
} as const;

/** What a limit of retention may be: a hundred years, and more backups of one kind than anybody keeps. */
export const retentionLimits = {
  days: { min: 1, max: 36_500 },
  count: { min: 1, max: 10_000 },
} as const;
