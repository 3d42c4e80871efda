import { type Cache, type CacheExchangeOpts, cacheExchange } from "@urql/exchange-graphcache";

const embedded = () => null;

/** Marks every stored answer of these root fields as old: whoever shows one asks again, and keeps showing the old one meanwhile. */
function outdate(cache: Cache, ...fields: string[]) {
  for (const { fieldName, arguments: args } of cache.inspectFields("Query")) {
    if (fields.includes(fieldName)) cache.invalidate("Query", fieldName, args);
  }
}

const outdates =
  (...fields: string[]) =>
  (_result: unknown, _args: unknown, cache: Cache) =>
    outdate(cache, ...fields);

const backupFields = ["backups", "availableBackups", "sources", "storages", "retentionPreview", "statistics", "alerts", "activity"];
const scheduleFields = ["schedules", "schedule", "scheduleRuns"];
const statisticFields = ["statistics", "alerts", "activity", "auditLog"];

const options: CacheExchangeOpts = {
  keys: {
    Progress: embedded,
    OperationError: embedded,
    LogLine: embedded,
    Artifact: embedded,
    BackupCopy: embedded,
    StorageProblem: embedded,
    LocalStorage: embedded,
    S3Storage: embedded,
    SftpStorage: embedded,
    HostKey: embedded,
    RebuildReport: embedded,
    RebuildProblem: embedded,
    RecoveryKit: embedded,
    // One for the whole: what a subscription or a fresh look brings is new wherever it is shown.
    Health: () => "health",
    HealthCheck: embedded,
    BackupTable: embedded,
    BackupDefinitions: embedded,
    BinlogPosition: embedded,
    DatabaseSummary: embedded,
    TableCheck: embedded,
    BackupFile: embedded,
    BackupFilePage: embedded,
    Finding: embedded,
    MediaRoot: embedded,
    MediaProblem: embedded,
    MediaSummary: embedded,
    RestoreResult: embedded,
    RestorePlan: embedded,
    DatabasePlan: embedded,
    MediaPlan: embedded,
    DatabaseConnection: embedded,
    PathCheck: embedded,
    ConnectionCheck: embedded,
    Settings: () => "settings",
    SettingSource: embedded,
    ConfigurationExport: embedded,
    ImportPlan: embedded,
    SavedChannel: embedded,
    DeliveryPage: embedded,
    Alert: embedded,
    TestResult: embedded,
    Statistics: embedded,
    DayStatistics: embedded,
    SourceStatistics: embedded,
    StorageStatistics: embedded,
    AuditPage: embedded,
    ActivityPage: embedded,
    IssuedApiToken: embedded,
    Download: embedded,
    SystemCheck: embedded,
    System: embedded,
    PageInfo: embedded,
    Retention: embedded,
    QuietHours: embedded,
    RetentionPreview: embedded,
    RetentionVerdict: embedded,
    CleanupEntry: embedded,
    CleanupResult: embedded,
    CleanupPage: embedded,
    BackupPage: embedded,
    RestorePage: embedded,
  },
  updates: {
    Mutation: {
      createBackup: outdates("backups", "sources"),
      createSchedule: outdates(...scheduleFields),
      // Backups of a schedule live by its limits.
      updateSchedule: outdates("schedulePreview", "retentionPreview", "backups", ...scheduleFields),
      deleteSchedule: outdates("backups", "backup", "retentionPreview", ...scheduleFields),
      toggleSchedule: outdates(...scheduleFields),
      runSchedule: outdates("backups", "sources", ...scheduleFields),
      cleanupBackups: outdates("cleanups", "backup", ...backupFields),
      resumeCleanup: outdates("retentionPreview"),
      pinBackup: outdates("retentionPreview"),
      deleteBackup: outdates(...backupFields),
      copyBackup: outdates("backup", ...backupFields),
      removeCopy: outdates("backup", ...backupFields),
      updateBackup: outdates("backups"),
      rebuildCatalog: outdates("backup", ...backupFields),
      createDownload: outdates("downloads"),
      revokeDownload: outdates("downloads"),
      revokeDownloads: outdates("downloads"),
      createRecoveryKit: outdates("encryptionKeys"),
      createRestore: outdates("restores"),
      verifyBackup: outdates("backup", ...backupFields),
      createUpload: outdates("uploads"),
      deleteUpload: outdates("uploads"),
      createSource: outdates("sources"),
      updateSource: outdates(...statisticFields),
      deleteSource: outdates("sources"),
      createStorage: outdates("storages"),
      updateStorage: outdates("storages"),
      deleteStorage: outdates("storages"),
      checkStorage: outdates("storages"),
      updateSettings: outdates("storages", "encryptionKeys", ...statisticFields),
      resetSettings: outdates("storages", ...statisticFields),
      importConfiguration: outdates("settings", "notificationChannels", "storages", "sources", ...statisticFields),
      createNotificationChannel: outdates("notificationChannels"),
      deleteNotificationChannel: outdates("notificationChannels", "deliveries"),
      testNotificationChannel: outdates("notificationChannels", "deliveries"),
      testEmail: outdates("deliveries"),
      createApiToken: outdates("apiTokens"),
      revokeApiToken: outdates("apiTokens"),
    },
    Subscription: {
      // The detail of a backup has fields that the announcement lacks: artifacts, what the dump holds.
      backupChanged: outdates("backup", "downloads", ...backupFields),
      copyChanged: outdates("backup", ...backupFields),
      restoreChanged: outdates("restore", "restores", "sources", "alerts", "activity"),
      verificationChanged: outdates("backup", ...backupFields),
      uploadChanged: outdates("uploads"),
      deliveryChanged: outdates("deliveries", "notificationChannels", "alerts"),
      scheduleDeleted: outdates("backups", "backup", ...scheduleFields),
      scheduleChanged: outdates("alerts", ...scheduleFields),
      cleanupChanged: outdates("cleanup", "cleanups", "alerts", "activity"),
    },
  },
};

/** The normalised store: an object that a mutation or a subscription brings is new everywhere at once. */
export const cache = () => cacheExchange(options);
