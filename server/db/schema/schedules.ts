import { boolean, index, int, mysqlTable, text, unique, varchar } from "drizzle-orm/mysql-core";
import type {
  BackupType,
  Compression,
  DatabaseEngine,
  MediaMode,
  MissedRunPolicy,
  OverlapPolicy,
  RestoreMode,
  ScheduleFrequency,
  ScheduleKind,
  ScheduleRunCause,
  ScheduleRunReason,
  ScheduleRunState,
  VerificationLevel,
} from "../../../shared/enums.ts";
import type { OperationId, ScheduleId, ScheduleRunId, SourceId, StorageId } from "../../domain/ids.ts";
import type { Retention } from "../../domain/retention.ts";
import type { QuietHours } from "../../domain/schedule.ts";
import { id, instant, json, word } from "../columns.ts";
import { sources } from "./sources.ts";
import { storages } from "./storages.ts";

export const schedules = mysqlTable(
  "schedules",
  {
    id: id<ScheduleId>().primaryKey(),
    name: varchar({ length: 120 }).notNull().unique(),
    kind: word<ScheduleKind>().notNull(),
    frequency: word<ScheduleFrequency>().notNull(),
    timeOfDay: varchar({ length: 5 }),
    dayOfWeek: int(),
    dayOfMonth: int(),
    cron: varchar({ length: 200 }),
    timeZone: varchar({ length: 64 }).notNull(),
    sourceId: id<SourceId>()
      .notNull()
      .references(() => sources.id),
    /** Null: the default storage at the time of each run. */
    storageId: id<StorageId>().references(() => storages.id),
    /** Further storages for each backup; null for none. */
    otherStorageIds: json<readonly StorageId[]>(),
    backupType: word<BackupType>().notNull(),
    /** Null: as the settings say. */
    compression: word<Compression>(),
    excludeLogs: boolean().notNull(),
    /** Null: as the source says. */
    databaseEngine: word<DatabaseEngine>(),
    mediaMode: word<MediaMode>(),
    /** Null: as the settings say. */
    encrypt: boolean(),
    /** Null: the global default. */
    retention: json<Retention>(),
    verifyAfter: word<VerificationLevel>(),
    missedRuns: word<MissedRunPolicy>().notNull(),
    graceMinutes: int().notNull(),
    overlap: word<OverlapPolicy>().notNull(),
    jitterSeconds: int().notNull(),
    quietHours: json<QuietHours>(),
    retries: int().notNull(),
    targetSourceId: id<SourceId>().references(() => sources.id),
    restoreMode: word<RestoreMode>(),
    level: word<VerificationLevel>(),
    active: boolean().notNull(),
    /** Why Holdfast itself paused it; null when it did not. */
    pausedReason: text(),
    /** Due times up to this instant have been dealt with: the next one is looked for after it. */
    consideredUntil: instant().notNull(),
    /** The next due time; null while paused, or when there is none. */
    nextRunAt: instant(),
    lastRunAt: instant(),
    createdAt: instant().notNull(),
    updatedAt: instant().notNull(),
  },
  (table) => [index("schedules_active_next").on(table.active, table.nextRunAt)],
);

/** One row for each due time: the unique key is what makes it give exactly one operation. */
export const scheduleRuns = mysqlTable(
  "schedule_runs",
  {
    id: id<ScheduleRunId>().primaryKey(),
    scheduleId: id<ScheduleId>()
      .notNull()
      .references(() => schedules.id, { onDelete: "cascade" }),
    /** When it was due; when it was asked for, where somebody did. */
    dueAt: instant().notNull(),
    cause: word<ScheduleRunCause>().notNull(),
    state: word<ScheduleRunState>().notNull(),
    reason: word<ScheduleRunReason>(),
    /** The reason as a sentence. */
    message: text(),
    /** It is not started before this. */
    notBefore: instant().notNull(),
    /** How many operations it has begun. */
    attempt: int().notNull().default(0),
    /** The operation of the last attempt; its kind is the schedule's. */
    operationId: id<OperationId>(),
    /** How many due times this row stands for: more than one only where many were missed in a row. */
    dueCount: int().notNull().default(1),
    createdAt: instant().notNull(),
    settledAt: instant(),
  },
  (table) => [
    unique("schedule_runs_due").on(table.scheduleId, table.dueAt),
    index("schedule_runs_state").on(table.state, table.notBefore),
    index("schedule_runs_operation").on(table.operationId),
  ],
);
