import { char, mysqlTable, varchar } from "drizzle-orm/mysql-core";
import type { Role } from "../../../shared/enums.ts";
import type { ApiTokenId } from "../../domain/ids.ts";
import { id, instant, word } from "../columns.ts";

/** API tokens: the secret was shown once, only its SHA-256 is kept. */
export const apiTokens = mysqlTable("api_tokens", {
  id: id<ApiTokenId>().primaryKey(),
  name: varchar({ length: 120 }).notNull(),
  role: word<Role>().notNull(),
  secretHash: char({ length: 64 }).notNull().unique(),
  createdAt: instant().notNull(),
  expiresAt: instant(),
  lastUsedAt: instant(),
});
