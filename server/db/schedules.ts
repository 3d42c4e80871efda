import { and, asc, eq, inArray, isNull, or, sql } from "drizzle-orm";
import type { BackupId, ScheduleId, SourceId, StorageId } from "../domain/ids.ts";
import type { Outcome } from "../domain/schedule/health.ts";
import { type BackupRow, findBackups } from "./backups.ts";
import type { Db } from "./client.ts";
import { backups, scheduleRuns, schedules } from "./schema/index.ts";

export type ScheduleRow = typeof schedules.$inferSelect;

/** By name. */
export const listSchedules = (db: Db): Promise<ScheduleRow[]> => db.select().from(schedules).orderBy(asc(schedules.name));

export async function findSchedule(db: Db, id: ScheduleId): Promise<ScheduleRow | null> {
  const [row] = await db.select().from(schedules).where(eq(schedules.id, id));
  return row ?? null;
}

export const findSchedules = (db: Db, ids: readonly ScheduleId[]): Promise<ScheduleRow[]> =>
  db
    .select()
    .from(schedules)
    .where(inArray(schedules.id, [...ids]));

/** Locks the schedule for this transaction: what is due of it and what it is are decided by one at a time. */
export async function lockSchedule(tx: Db, id: ScheduleId): Promise<ScheduleRow | null> {
  const [row] = await tx.select().from(schedules).where(eq(schedules.id, id)).for("update");
  return row ?? null;
}

export async function insertSchedule(db: Db, row: ScheduleRow): Promise<void> {
  await db.insert(schedules).values(row);
}

export async function updateScheduleRow(db: Db, id: ScheduleId, changes: Partial<Omit<ScheduleRow, "id">>): Promise<void> {
  await db.update(schedules).set(changes).where(eq(schedules.id, id));
}

/** Its runs go with it; its backups stay, without a schedule. */
export async function removeScheduleRow(db: Db, id: ScheduleId): Promise<boolean> {
  const [result] = await db.delete(schedules).where(eq(schedules.id, id));
  return result.affectedRows === 1;
}

/** The name of a schedule that reads from the source or restores into it; null when none does. */
export async function scheduleOfSource(db: Db, id: SourceId): Promise<string | null> {
  const [row] = await db
    .select({ name: schedules.name })
    .from(schedules)
    .where(or(eq(schedules.sourceId, id), eq(schedules.targetSourceId, id)))
    .limit(1);
  return row?.name ?? null;
}

/** The name of a schedule that uses this storage, also as the default if it is that; null when none does. */
export async function scheduleOfStorage(db: Db, id: StorageId, isDefault: boolean): Promise<string | null> {
  const [row] = await db
    .select({ name: schedules.name })
    .from(schedules)
    .where(
      or(
        eq(schedules.storageId, id),
        isDefault ? isNull(schedules.storageId) : undefined,
        sql`${schedules.otherStorageIds} like ${`%"${id}"%`}`,
      ),
    )
    .limit(1);
  return row?.name ?? null;
}

/** The zones of the active schedules. */
export async function listZonesInUse(db: Db): Promise<string[]> {
  const rows = await db.selectDistinct({ zone: schedules.timeZone }).from(schedules).where(eq(schedules.active, true));
  return rows.map(({ zone }) => zone);
}

/** Pauses the active schedules of these zones and says why; the ones that it paused. */
export async function pauseZones(tx: Db, zones: readonly string[], at: Date, reasonOf: (zone: string) => string): Promise<ScheduleRow[]> {
  const rows = await tx
    .select()
    .from(schedules)
    .where(and(eq(schedules.active, true), inArray(schedules.timeZone, [...zones])))
    .for("update");
  for (const { id, timeZone } of rows)
    await updateScheduleRow(tx, id, { active: false, nextRunAt: null, pausedReason: reasonOf(timeZone), updatedAt: at });
  return rows;
}

/** The newest backup of each of these schedules that has one. */
export async function newestBackupsOf(db: Db, ids: readonly ScheduleId[]): Promise<(BackupRow & { readonly scheduleId: ScheduleId })[]> {
  const newest = sql<BackupId | null>`(${db
    .select({ id: backups.id })
    .from(backups)
    .where(and(eq(backups.scheduleId, sql`${schedules.id}`), isNull(backups.deletedAt)))
    .orderBy(sql`${backups.createdAt} desc, ${backups.id} desc`)
    .limit(1)})`;
  const named = await db
    .select({ newest })
    .from(schedules)
    .where(inArray(schedules.id, [...ids]));
  const rows = await findBackups(
    db,
    named.flatMap((row) => row.newest ?? []),
  );
  return rows.flatMap((row) => (row.scheduleId ? [{ ...row, scheduleId: row.scheduleId }] : []));
}

/** The newest run of each of these schedules that tells how it fares; null where none does yet. */
export async function findOutcomes(
  db: Db,
  ids: readonly ScheduleId[],
): Promise<(Pick<ScheduleRow, "id" | "active" | "nextRunAt"> & { readonly outcome: Outcome | null })[]> {
  const outcome = sql<Outcome | null>`(${db
    .select({ outcome: outcomeOfRun })
    .from(scheduleRuns)
    .where(and(eq(scheduleRuns.scheduleId, sql`${schedules.id}`), sql`${outcomeOfRun} is not null`))
    .orderBy(sql`${scheduleRuns.dueAt} desc`)
    .limit(1)})`;
  return db
    .select({ id: schedules.id, active: schedules.active, nextRunAt: schedules.nextRunAt, outcome })
    .from(schedules)
    .where(inArray(schedules.id, [...ids]));
}

const outcomeOfRun = sql<Outcome | null>`case
  when ${scheduleRuns.state} in ('COMPLETED', 'FAILED') then ${scheduleRuns.state}
  when ${scheduleRuns.state} = 'SKIPPED' and ${scheduleRuns.reason} = 'MISSED' then 'MISSED'
  when ${scheduleRuns.attempt} > 0 and ${scheduleRuns.reason} = 'RETRY' then 'RETRYING'
end`;
