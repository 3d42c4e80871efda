import { index, int, mysqlTable, varchar } from "drizzle-orm/mysql-core";
import type { Trigger } from "../../../shared/enums.ts";
import type { CleanupRecord, CleanupRequest } from "../../domain/cleanup.ts";
import type { CleanupId } from "../../domain/ids.ts";
import { bytes, id, json, word } from "../columns.ts";
import { operationColumns } from "./operation-columns.ts";

/** Each cleanup that removed something or tried to. */
export const cleanups = mysqlTable(
  "cleanups",
  {
    id: id<CleanupId>().primaryKey(),
    trigger: word<Trigger>().notNull(),
    actor: varchar({ length: 255 }).notNull(),
    removedCount: int().notNull().default(0),
    freedBytes: bytes().notNull().default(0),
    /** What was asked for beside the limits that are set; null for nothing. */
    request: json<CleanupRequest>(),
    /** What was removed and why; null until it ended. */
    record: json<CleanupRecord>(),
    ...operationColumns(),
  },
  (table) => [
    index("cleanups_created").on(table.createdAt, table.id),
    index("cleanups_status_created").on(table.status, table.createdAt, table.id),
  ],
);
