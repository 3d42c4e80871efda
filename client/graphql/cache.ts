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

const backupFields = ["backups", "availableBackups", "sources", "storages"];

const options: CacheExchangeOpts = {
  keys: {
    Progress: embedded,
    OperationError: embedded,
    LogLine: embedded,
    Artifact: embedded,
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
    IssuedApiToken: embedded,
    Download: embedded,
    SystemCheck: embedded,
    System: embedded,
    PageInfo: embedded,
    BackupPage: embedded,
    RestorePage: embedded,
  },
  updates: {
    Mutation: {
      createBackup: outdates("backups", "sources"),
      deleteBackup: outdates(...backupFields),
      createRestore: outdates("restores"),
      verifyBackup: outdates("backup", ...backupFields),
      createUpload: outdates("uploads"),
      deleteUpload: outdates("uploads"),
      createSource: outdates("sources"),
      deleteSource: outdates("sources"),
      createStorage: outdates("storages"),
      updateStorage: outdates("storages"),
      deleteStorage: outdates("storages"),
      createApiToken: outdates("apiTokens"),
      revokeApiToken: outdates("apiTokens"),
    },
    Subscription: {
      // The detail of a backup has fields that the announcement lacks: artifacts, what the dump holds.
      backupChanged: outdates("backup", ...backupFields),
      restoreChanged: outdates("restore", "restores", "sources"),
      verificationChanged: outdates("backup", ...backupFields),
      uploadChanged: outdates("uploads"),
    },
  },
};

/** The normalised store: an object that a mutation or a subscription brings is new everywhere at once. */
export const cache = () => cacheExchange(options);
