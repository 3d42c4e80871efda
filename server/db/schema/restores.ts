import { boolean, index, mysqlTable, varchar } from "drizzle-orm/mysql-core";
import type { BackupType, RestoreMode } from "../../../shared/enums.ts";
import type { BackupId, RestoreId, SourceId, UploadId } from "../../domain/ids.ts";
import type { Rewrites } from "../../domain/inspection.ts";
import type { RestoreJournal, RestoreResult } from "../../domain/restore.ts";
import { id, json, word } from "../columns.ts";
import { backups } from "./backups.ts";
import { operationColumns } from "./operation-columns.ts";
import { sources } from "./sources.ts";

export const restores = mysqlTable(
  "restores",
  {
    id: id<RestoreId>().primaryKey(),
    name: varchar({ length: 120 }).notNull(),
    type: word<BackupType>().notNull(),
    mode: word<RestoreMode>().notNull(),
    staged: boolean().notNull(),
    backupBeforeRestore: boolean().notNull(),
    /** Nothing of it comes into the binary log of the target's server. */
    skipBinaryLog: boolean().notNull().default(false),
    /** Only these tables, and only these paths; null for all of them. */
    tables: json<readonly string[]>(),
    paths: json<readonly string[]>(),
    /** A database other than the target source's own, on its server; null for its own. */
    targetDatabase: varchar({ length: 64 }),
    /** The uploads that are restored, where it is no backup, and what is changed in them on the way. */
    uploadIds: json<readonly UploadId[]>(),
    rewrites: json<Rewrites>(),
    actor: varchar({ length: 255 }).notNull(),
    /** Null for uploads, and once the backup was deleted: the restore stays as history. */
    backupId: id<BackupId>().references(() => backups.id, { onDelete: "set null" }),
    targetSourceId: id<SourceId>()
      .notNull()
      .references(() => sources.id),
    preRestoreBackupId: id<BackupId>().references(() => backups.id, { onDelete: "set null" }),
    /** What has to be undone or finished after a crash; null when nothing has. */
    journal: json<RestoreJournal>(),
    result: json<RestoreResult>(),
    ...operationColumns(),
  },
  (table) => [
    index("restores_created").on(table.createdAt, table.id),
    index("restores_status_created").on(table.status, table.createdAt, table.id),
    index("restores_target_created").on(table.targetSourceId, table.createdAt, table.id),
  ],
);
