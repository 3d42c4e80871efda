import { int, mysqlTable } from "drizzle-orm/mysql-core";
import type { Compression } from "../../../shared/enums.ts";
import { word } from "../columns.ts";

/** One row, number 1: what the dashboard's settings page owns. */
export const settings = mysqlTable("settings", {
  id: int().primaryKey(),
  compression: word<Compression>().notNull(),
  compressionLevel: int().notNull(),
});
