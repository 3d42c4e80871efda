import { count, desc, getTableColumns } from "drizzle-orm";
import type { Db } from "./client.ts";
import { after, type Page, pageOf } from "./paging.ts";
import { auditEntries } from "./schema/index.ts";

export type AuditEntryRow = typeof auditEntries.$inferSelect;

export async function insertAuditEntry(db: Db, row: AuditEntryRow): Promise<void> {
  await db.insert(auditEntries).values(row);
}

/** A page of who did what, newest first. */
export async function pageAuditEntries(db: Db, first: number, cursor: string | null): Promise<Page<AuditEntryRow>> {
  const [total] = await db.select({ count: count() }).from(auditEntries);
  const rows = await db
    .select(getTableColumns(auditEntries))
    .from(auditEntries)
    .where(after(auditEntries.createdAt, auditEntries.id, cursor))
    .orderBy(desc(auditEntries.createdAt), desc(auditEntries.id))
    .limit(first + 1);
  return pageOf(rows, first, total?.count ?? 0);
}
