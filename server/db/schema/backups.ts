import { boolean, index, int, mysqlTable, primaryKey, text, varchar } from "drizzle-orm/mysql-core";
import type { BackupType, Compression, CopyState, DatabaseEngine, MediaMode, Trigger, VerificationLevel } from "../../../shared/enums.ts";
import type { BackupId, ScheduleId, SourceId, StorageId } from "../../domain/ids.ts";
import type { Artifact, Manifest } from "../../domain/manifest.ts";
import type { SourceLoad } from "../../domain/source-load.ts";
import { bytes, id, instant, json, word } from "../columns.ts";
import { operationColumns } from "./operation-columns.ts";
import { schedules } from "./schedules.ts";
import { sources } from "./sources.ts";
import { storages } from "./storages.ts";

export const backups = mysqlTable(
  "backups",
  {
    id: id<BackupId>().primaryKey(),
    name: varchar({ length: 120 }).notNull(),
    description: text(),
    type: word<BackupType>().notNull(),
    trigger: word<Trigger>().notNull(),
    /** Who asked, for a person: an address, a token's name, the command line. */
    actor: varchar({ length: 255 }).notNull(),
    sourceId: id<SourceId>()
      .notNull()
      .references(() => sources.id),
    storageId: id<StorageId>()
      .notNull()
      .references(() => storages.id),
    /** The schedule that asked for it; null for none, and once that was deleted. */
    scheduleId: id<ScheduleId>().references(() => schedules.id, { onDelete: "set null" }),
    compression: word<Compression>().notNull(),
    compressionLevel: int().notNull(),
    excludeLogs: boolean().notNull(),
    /** As asked for; what was used is `engineUsed`, with the reason as a sentence. */
    databaseEngine: word<DatabaseEngine>().notNull().default("AUTO"),
    engineUsed: word<DatabaseEngine>(),
    engineReason: text(),
    mediaMode: word<MediaMode>().notNull().default("ARCHIVE"),
    /** Stored bytes that it brought; less than `storedSize` where it shares packs with others. Null: the same. */
    addedSize: bytes(),
    /** Stored bytes that statistics count for it: each pack for the oldest backup that needs it. Null: `storedSize`. */
    countedSize: bytes(),
    /** The earlier backup whose packs it uses, which nobody may delete while this one runs. */
    baseId: id<BackupId>(),
    /** What it asked of the source while it ran; null until it ended. */
    sourceLoad: json<SourceLoad>(),
    encrypted: boolean().notNull().default(false),
    /** The server key that opens it; null where it is not encrypted. */
    keyId: varchar({ length: 64 }),
    pinned: boolean().notNull().default(false),
    /** Grows with each change of name, description or pin, which are written beside the manifest too. */
    labelsVersion: int().notNull().default(0),
    /** The backup's folder, the same on each of its storages. */
    folder: varchar({ length: 255 }).notNull(),
    artifacts: json<readonly Artifact[]>().notNull(),
    size: bytes(),
    storedSize: bytes(),
    /** What a completed backup does not hold as it should, as sentences; null until it is complete. */
    warnings: json<readonly string[]>(),
    /** The verification that follows it by itself; null for none. */
    verify: word<VerificationLevel>(),
    /** The tombstone: deletion has begun, the files may be gone already. */
    deletedAt: instant(),
    /** Why its storage has not let go of it yet. */
    deletionProblem: text(),
    /** How often it was refused, and when it is tried again; null: at once. */
    deletionAttempts: int().notNull().default(0),
    deletionRetryAt: instant(),
    ...operationColumns(),
  },
  (table) => [
    // Lists choose their rows, and count them, by an index alone: what they filter by stands behind what they are ordered by.
    index("backups_listed").on(table.createdAt, table.id, table.deletedAt, table.status, table.type, table.pinned, table.storageId),
    index("backups_source_listed").on(table.sourceId, table.createdAt, table.id, table.deletedAt, table.status, table.type, table.pinned),
    index("backups_pinned").on(table.pinned, table.createdAt, table.id, table.deletedAt, table.type),
    index("backups_status_created").on(table.status, table.createdAt, table.id, table.deletedAt),
    index("backups_schedule_created").on(table.scheduleId, table.createdAt, table.id),
    index("backups_storage").on(table.storageId, table.status),
    index("backups_base").on(table.baseId, table.status),
    index("backups_deleted").on(table.deletedAt, table.deletionRetryAt),
    // Statistics: what is kept, and what ended in a range of time.
    index("backups_kept").on(
      table.deletedAt,
      table.status,
      table.sourceId,
      table.storageId,
      table.storedSize,
      table.countedSize,
      table.size,
    ),
    index("backups_finished").on(
      table.finishedAt,
      table.status,
      table.sourceId,
      table.storageId,
      table.storedSize,
      table.countedSize,
      table.size,
      table.startedAt,
      table.deletedAt,
    ),
  ],
);

/**
 * A backup on one of its storages. The one that `backups.storageId` names is read first; all have the same folder and the
 * same bytes.
 */
export const backupCopies = mysqlTable(
  "backup_copies",
  {
    backupId: id<BackupId>()
      .notNull()
      .references(() => backups.id, { onDelete: "cascade" }),
    storageId: id<StorageId>()
      .notNull()
      .references(() => storages.id),
    state: word<CopyState>().notNull(),
    /** Why it could not be stored, or why its storage has not let go of it. */
    problem: text(),
    attempts: int().notNull().default(0),
    /** When it is tried again by itself; null: not. */
    retryAt: instant(),
    storedAt: instant(),
    /** Which of the backup's labels lie beside its manifest there. */
    labelsVersion: int().notNull().default(0),
  },
  (table) => [
    primaryKey({ columns: [table.backupId, table.storageId] }),
    index("backup_copies_storage").on(table.storageId, table.state),
    index("backup_copies_state").on(table.state, table.retryAt),
  ],
);

/** Manifests apart from the rows that lists read: they grow with the number of tables. */
export const backupManifests = mysqlTable("backup_manifests", {
  backupId: id<BackupId>()
    .primaryKey()
    .references(() => backups.id, { onDelete: "cascade" }),
  manifest: json<Manifest>().notNull(),
});
