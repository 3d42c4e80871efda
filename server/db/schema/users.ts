import { boolean, index, mysqlTable, text, varchar } from "drizzle-orm/mysql-core";
import type { Role } from "../../../shared/enums.ts";
import type { UserId } from "../../domain/ids.ts";
import { id, instant, word } from "../columns.ts";

// The four tables that better-auth's Drizzle adapter reads and writes, under its own field names.

export const users = mysqlTable("users", {
  id: id<UserId>().primaryKey(),
  name: varchar({ length: 120 }).notNull(),
  email: varchar({ length: 255 }).notNull().unique(),
  emailVerified: boolean().notNull().default(false),
  image: text(),
  role: word<Role>().notNull().default("VIEWER"),
  createdAt: instant().notNull(),
  updatedAt: instant().notNull(),
});

export const sessions = mysqlTable(
  "sessions",
  {
    id: id<string>().primaryKey(),
    token: varchar({ length: 255 }).notNull().unique(),
    userId: id<UserId>()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    expiresAt: instant().notNull(),
    ipAddress: varchar({ length: 64 }),
    userAgent: text(),
    createdAt: instant().notNull(),
    updatedAt: instant().notNull(),
  },
  (table) => [index("sessions_user").on(table.userId)],
);

export const accounts = mysqlTable(
  "accounts",
  {
    id: id<string>().primaryKey(),
    accountId: varchar({ length: 255 }).notNull(),
    providerId: varchar({ length: 255 }).notNull(),
    userId: id<UserId>()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    accessToken: text(),
    refreshToken: text(),
    idToken: text(),
    accessTokenExpiresAt: instant(),
    refreshTokenExpiresAt: instant(),
    scope: text(),
    password: text(),
    createdAt: instant().notNull(),
    updatedAt: instant().notNull(),
  },
  (table) => [index("accounts_user").on(table.userId)],
);

export const authVerifications = mysqlTable(
  "auth_verifications",
  {
    id: id<string>().primaryKey(),
    identifier: varchar({ length: 255 }).notNull(),
    value: text().notNull(),
    expiresAt: instant().notNull(),
    createdAt: instant().notNull(),
    updatedAt: instant().notNull(),
  },
  (table) => [index("auth_verifications_identifier").on(table.identifier)],
);
