import { index, mysqlTable, varchar } from "drizzle-orm/mysql-core";
import type { BackupId, CopyId, StorageId } from "../../domain/ids.ts";
import { id } from "../columns.ts";
import { backups } from "./backups.ts";
import { operationColumns } from "./operation-columns.ts";
import { storages } from "./storages.ts";

/** Operations that bring a backup to one more storage; what became of it there is in `backup_copies`. */
export const copies = mysqlTable(
  "copies",
  {
    id: id<CopyId>().primaryKey(),
    backupId: id<BackupId>()
      .notNull()
      .references(() => backups.id, { onDelete: "cascade" }),
    storageId: id<StorageId>()
      .notNull()
      .references(() => storages.id),
    /** Who asked, for a person. */
    actor: varchar({ length: 255 }).notNull(),
    ...operationColumns(),
  },
  (table) => [
    index("copies_backup").on(table.backupId),
    index("copies_status").on(table.status, table.createdAt),
    index("copies_storage").on(table.storageId),
  ],
);
