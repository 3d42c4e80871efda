import { boolean, mysqlTable, varchar } from "drizzle-orm/mysql-core";
import type { StorageKind } from "../../../shared/enums.ts";
import type { StorageId } from "../../domain/ids.ts";
import { bytes, id, instant, json, word } from "../columns.ts";

export const storages = mysqlTable("storages", {
  id: id<StorageId>().primaryKey(),
  name: varchar({ length: 120 }).notNull().unique(),
  kind: word<StorageKind>().notNull(),
  config: json<{ readonly directory: string }>().notNull(),
  isDefault: boolean().notNull().default(false),
  /** Cleanup removes what no limit protects, the oldest first, until no more is used; null: no cap. */
  sizeCapBytes: bytes(),
  createdAt: instant().notNull(),
});
