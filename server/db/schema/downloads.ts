import { char, index, int, mysqlTable, text, varchar } from "drizzle-orm/mysql-core";
import type { ExportFormat } from "../../../shared/enums.ts";
import type { BackupId } from "../../domain/ids.ts";
import { id, instant, json, word } from "../columns.ts";
import { backups } from "./backups.ts";

/** Download links: the token itself is only in the link, its SHA-256 here. */
export const downloads = mysqlTable(
  "downloads",
  {
    tokenHash: char({ length: 64 }).primaryKey(),
    backupId: id<BackupId>()
      .notNull()
      .references(() => backups.id, { onDelete: "cascade" }),
    /** One artifact's name, or null for the whole backup. */
    artifact: varchar({ length: 255 }),
    /** One file of the media artifact, by its path in it; null for a whole artifact. */
    path: text(),
    /** What kind of archive is made of files of the media; null where none is. */
    format: word<ExportFormat>(),
    /** Those files and folders, by their paths; null for all of them. */
    paths: json<readonly string[]>(),
    filename: varchar({ length: 255 }).notNull(),
    expiresAt: instant().notNull(),
    /** Somebody reads through it until then at least: what it leads to is in use. */
    readUntil: instant(),
    /** How often reading through it began. */
    uses: int().notNull().default(0),
    /** Who asked for it, for a person. */
    actor: varchar({ length: 255 }),
  },
  (table) => [index("downloads_expires").on(table.expiresAt), index("downloads_backup").on(table.backupId, table.readUntil)],
);
