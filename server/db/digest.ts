import { and, asc, eq, gte, inArray, isNull, sql } from "drizzle-orm";
import type { BackupId, SourceId } from "../domain/ids.ts";
import type { Db } from "./client.ts";
import { backups, scheduleRuns, schedules } from "./schema/index.ts";

/** Each backup since then that completed or failed, and whether a drill has proved it. */
export const listWeek = (
  db: Db,
  since: Date,
): Promise<{ id: BackupId; sourceId: SourceId; createdAt: Date; status: string; proven: number }[]> =>
  db
    .select({
      ...{ id: backups.id, sourceId: backups.sourceId, createdAt: backups.createdAt, status: backups.status },
      // Written out: among the columns of a query on one table, names lose their table.
      proven: sql<number>`exists (select 1 from verifications v where v.backup_id = backups.id
        and v.level = 'RESTORE' and v.status = 'COMPLETED' and v.passed = 1)`,
    })
    .from(backups)
    .where(and(gte(backups.createdAt, since), inArray(backups.status, ["COMPLETED", "FAILED"])))
    .orderBy(asc(backups.createdAt));

/** Due times since then at which nothing ran, by source. */
export const listMissed = (db: Db, since: Date): Promise<{ sourceId: SourceId; dueAt: Date }[]> =>
  db
    .select({ sourceId: schedules.sourceId, dueAt: scheduleRuns.dueAt })
    .from(scheduleRuns)
    .innerJoin(schedules, eq(scheduleRuns.scheduleId, schedules.id))
    .where(and(gte(scheduleRuns.dueAt, since), eq(scheduleRuns.state, "SKIPPED"), inArray(scheduleRuns.reason, ["MISSED", "REFUSED"])));

/** What each source's backups take, and what of that came since then. */
export async function keptBytes(db: Db, since: Date): Promise<Map<SourceId, { readonly stored: number; readonly added: number }>> {
  const rows = await db
    .select({
      sourceId: backups.sourceId,
      stored: sql<string | null>`sum(coalesce(${backups.countedSize}, ${backups.storedSize}))`,
      added: sql<
        string | null
      >`sum(case when ${backups.createdAt} >= ${since} then coalesce(${backups.addedSize}, ${backups.storedSize}) end)`,
    })
    .from(backups)
    .where(and(eq(backups.status, "COMPLETED"), isNull(backups.deletedAt)))
    .groupBy(backups.sourceId);
  return new Map(rows.map(({ sourceId, stored, added }) => [sourceId, { stored: Number(stored ?? 0), added: Number(added ?? 0) }]));
}
