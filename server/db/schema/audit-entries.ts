import { index, mysqlTable, varchar } from "drizzle-orm/mysql-core";
import type { AuditEntryId } from "../../domain/ids.ts";
import { id, instant, json } from "../columns.ts";

/** Who changed what, when; written with the change. */
export const auditEntries = mysqlTable(
  "audit_entries",
  {
    id: id<AuditEntryId>().primaryKey(),
    createdAt: instant().notNull(),
    actor: varchar({ length: 255 }).notNull(),
    /** Such as `schedule.create`, `backup.delete`. */
    action: varchar({ length: 60 }).notNull(),
    /** A name for a person. */
    subject: varchar({ length: 255 }),
    details: json<Readonly<Record<string, unknown>>>(),
  },
  (table) => [index("audit_entries_created").on(table.createdAt, table.id)],
);
