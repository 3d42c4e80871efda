import { boolean, mysqlTable, varchar } from "drizzle-orm/mysql-core";
import type { StorageKind } from "../../../shared/enums.ts";
import type { StorageId } from "../../domain/ids.ts";
import { id, instant, json, word } from "../columns.ts";

export const storages = mysqlTable("storages", {
  id: id<StorageId>().primaryKey(),
  name: varchar({ length: 120 }).notNull().unique(),
  kind: word<StorageKind>().notNull(),
  config: json<{ readonly directory: string }>().notNull(),
  isDefault: boolean().notNull().default(false),
  createdAt: instant().notNull(),
});
