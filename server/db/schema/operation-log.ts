import { int, mysqlTable, primaryKey, text } from "drizzle-orm/mysql-core";
import type { LogLevel } from "../../../shared/enums.ts";
import type { OperationId } from "../../domain/ids.ts";
import { id, instant, word } from "../columns.ts";

/** The readable log of each operation, numbered from 1. */
export const operationLog = mysqlTable(
  "operation_log",
  {
    operationId: id<OperationId>().notNull(),
    sequence: int().notNull(),
    at: instant().notNull(),
    level: word<LogLevel>().notNull(),
    message: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.operationId, table.sequence] })],
);
