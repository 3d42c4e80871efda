import { boolean, int, mysqlTable, text, varchar } from "drizzle-orm/mysql-core";
import type { SourceId } from "../../domain/ids.ts";
import { id, instant, json } from "../columns.ts";

export const sources = mysqlTable("sources", {
  id: id<SourceId>().primaryKey(),
  name: varchar({ length: 120 }).notNull().unique(),
  /** Names the source's folder on every storage; never changes, whatever the name becomes. */
  slug: varchar({ length: 80 }).notNull().unique(),
  databaseHost: varchar({ length: 255 }),
  databasePort: int(),
  databaseUser: varchar({ length: 255 }),
  /** Sealed by services/secrets.ts; never in clear. */
  databasePassword: text(),
  databaseName: varchar({ length: 255 }),
  databaseSocket: varchar({ length: 512 }),
  databaseTls: boolean().notNull().default(false),
  mediaPaths: json<readonly string[]>().notNull(),
  excludePatterns: json<readonly string[]>().notNull(),
  /** The oldest that its newest good, and newest proven, backup may become; null: as the settings say. */
  targetBackupAgeHours: int(),
  targetProofAgeHours: int(),
  createdAt: instant().notNull(),
});
