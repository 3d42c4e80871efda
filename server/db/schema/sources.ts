import { boolean, int, mysqlTable, text, varchar } from "drizzle-orm/mysql-core";
import type { DatabaseEngine, MediaMode } from "../../../shared/enums.ts";
import type { SourceId } from "../../domain/ids.ts";
import { bytes, id, instant, json, word } from "../columns.ts";

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
  /** How its backups are taken, unless a schedule or a request says otherwise. */
  databaseEngine: word<DatabaseEngine>().notNull().default("AUTO"),
  mediaMode: word<MediaMode>().notNull().default("ARCHIVE"),
  /** What its operations may take of this machine and of its servers at most; null: as much as there is. */
  threads: int(),
  bytesPerSecond: bytes(),
  /** Its operations give way to whatever else this machine does. */
  lowPriority: boolean().notNull().default(true),
  createdAt: instant().notNull(),
});
