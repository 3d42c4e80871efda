import { mysqlTable, varchar } from "drizzle-orm/mysql-core";
import type { SettingOrigin } from "../../../shared/enums.ts";
import { instant, json, word } from "../columns.ts";

/** Each setting that is not the default, by the name it has in domain/settings.ts; secrets sealed, under names that begin with `secret.`. */
export const settingValues = mysqlTable("setting_values", {
  name: varchar({ length: 60 }).primaryKey(),
  value: json<unknown>().notNull(),
  origin: word<SettingOrigin>().notNull(),
  updatedAt: instant().notNull(),
  /** Who changed it, for a person. */
  actor: varchar({ length: 255 }).notNull(),
});

/** What Holdfast notes for itself between runs, such as when its clock was last seen. */
export const marks = mysqlTable("marks", {
  name: varchar({ length: 60 }).primaryKey(),
  value: json<unknown>().notNull(),
});
