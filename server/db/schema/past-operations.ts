import { boolean, index, mysqlTable } from "drizzle-orm/mysql-core";
import type { OperationStatus } from "../../../shared/enums.ts";
import type { OperationId, SourceId, StorageId } from "../../domain/ids.ts";
import { bytes, id, instant, word } from "../columns.ts";

/**
 * What statistics still need of backups and verifications whose own rows are gone: without it, cleanup would turn a year of good
 * nights into none, and a storage that is steady into one that only grows.
 */
export const pastOperations = mysqlTable(
  "past_operations",
  {
    id: id<OperationId>().primaryKey(),
    /** COPY: of a backup on one more storage than its first, under an id of its own. */
    kind: word<"BACKUP" | "VERIFICATION" | "COPY">().notNull(),
    sourceId: id<SourceId>().notNull(),
    storageId: id<StorageId>().notNull(),
    status: word<OperationStatus>().notNull(),
    /** Of a verification. */
    passed: boolean(),
    startedAt: instant(),
    finishedAt: instant(),
    size: bytes(),
    storedSize: bytes(),
    removedAt: instant().notNull(),
  },
  (table) => [
    index("past_operations_finished").on(
      table.kind,
      table.finishedAt,
      table.status,
      table.sourceId,
      table.storageId,
      table.storedSize,
      table.size,
      table.startedAt,
      table.passed,
    ),
    index("past_operations_removed").on(table.kind, table.removedAt, table.status, table.sourceId, table.storageId, table.storedSize),
  ],
);
