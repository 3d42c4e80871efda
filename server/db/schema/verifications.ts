import { boolean, double, index, mysqlTable, varchar } from "drizzle-orm/mysql-core";
import type { VerificationLevel } from "../../../shared/enums.ts";
import type { BackupId, VerificationId } from "../../domain/ids.ts";
import type { VerificationReport } from "../../domain/verification.ts";
import { id, json, word } from "../columns.ts";
import { backups } from "./backups.ts";
import { operationColumns } from "./operation-columns.ts";

export const verifications = mysqlTable(
  "verifications",
  {
    id: id<VerificationId>().primaryKey(),
    backupId: id<BackupId>()
      .notNull()
      .references(() => backups.id, { onDelete: "cascade" }),
    level: word<VerificationLevel>().notNull(),
    actor: varchar({ length: 255 }).notNull(),
    /** Null until it ended by itself; a report may be as long as a database has tables, so lists leave it out. */
    report: json<VerificationReport>(),
    /** The report's own, for lists. */
    passed: boolean(),
    restoreSeconds: double(),
    ...operationColumns(),
  },
  (table) => [
    index("verifications_created").on(table.createdAt, table.id),
    index("verifications_backup_created").on(table.backupId, table.createdAt, table.id),
    index("verifications_finished").on(table.finishedAt, table.status, table.passed, table.backupId),
    index("verifications_status_created").on(table.status, table.createdAt, table.id),
  ],
);
