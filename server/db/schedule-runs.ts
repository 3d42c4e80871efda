import { and, asc, count, desc, eq, getTableColumns, gt, inArray, lte, type SQL, sql } from "drizzle-orm";
import { unionAll } from "drizzle-orm/mysql-core";
import type { ScheduleRunState } from "../../shared/enums.ts";
import type { OperationId, ScheduleId, ScheduleRunId } from "../domain/ids.ts";
import type { Db } from "./client.ts";
import { scheduleRuns, schedules } from "./schema/index.ts";

export type ScheduleRow = typeof schedules.$inferSelect;
export type ScheduleRunRow = typeof scheduleRuns.$inferSelect;
export type NewScheduleRun = typeof scheduleRuns.$inferInsert;

/** A run with the schedule that it belongs to. */
export interface RunOfSchedule {
  readonly run: ScheduleRunRow;
  readonly schedule: ScheduleRow;
}

/** How far a schedule's due times have been considered, and when it is due next. */
export interface Advance {
  readonly id: ScheduleId;
  readonly consideredUntil: Date;
  readonly nextRunAt: Date | null;
}

/** The states of a run that has not ended. */
const unfinishedStates = ["WAITING", "STARTED"] as const satisfies readonly ScheduleRunState[];

const isDue = (now: Date) => and(eq(schedules.active, true), lte(schedules.nextRunAt, now));

/** Schedules whose due time has come, the longest due first. */
export const listDue = (db: Db, now: Date): Promise<ScheduleRow[]> =>
  db.select().from(schedules).where(isDue(now)).orderBy(asc(schedules.nextRunAt));

/** The same, locked for this transaction: those that another one has locked are left to it. */
export const lockDue = (tx: Db, now: Date, limit: number): Promise<ScheduleRow[]> =>
  tx.select().from(schedules).where(isDue(now)).orderBy(asc(schedules.nextRunAt)).limit(limit).for("update", { skipLocked: true });

/** Active schedules that were considered up to an instant after `instant`: a clock was wrong then, or is now. */
export const lockConsideredAfter = (tx: Db, instant: Date): Promise<ScheduleRow[]> =>
  tx
    .select()
    .from(schedules)
    .where(and(eq(schedules.active, true), gt(schedules.consideredUntil, instant)))
    .for("update", { skipLocked: true });

/** How many runs of each of these schedules have not ended. */
export async function countUnfinished(db: Db, ids: readonly ScheduleId[]): Promise<ReadonlyMap<ScheduleId, number>> {
  const rows = await db
    .select({ id: scheduleRuns.scheduleId, unfinished: count() })
    .from(scheduleRuns)
    .where(and(inArray(scheduleRuns.scheduleId, [...ids]), inArray(scheduleRuns.state, [...unfinishedStates])))
    .groupBy(scheduleRuns.scheduleId);
  return new Map(rows.map(({ id, unfinished }) => [id, unfinished]));
}

/** Writes runs down; a due time that has a run already keeps that one. */
export async function insertRuns(db: Db, rows: readonly NewScheduleRun[]): Promise<void> {
  for (let from = 0; from < rows.length; from += 500)
    await db
      .insert(scheduleRuns)
      .values(rows.slice(from, from + 500))
      .onDuplicateKeyUpdate({ set: { id: sql`${scheduleRuns.id}` } });
}

export async function insertRun(db: Db, row: NewScheduleRun): Promise<void> {
  await db.insert(scheduleRuns).values(row);
}

/** Moves many schedules on in one statement. */
export async function advanceSchedules(db: Db, advances: readonly Advance[]): Promise<void> {
  if (advances.length === 0) return;
  await db
    .update(schedules)
    .set({
      consideredUntil: byId(advances, ({ consideredUntil }) => sql`${sql.param(consideredUntil, schedules.consideredUntil)}`),
      nextRunAt: byId(advances, ({ nextRunAt }) => sql`${sql.param(nextRunAt, schedules.nextRunAt)}`),
    })
    .where(
      inArray(
        schedules.id,
        advances.map(({ id }) => id),
      ),
    );
}

/** CASE id WHEN … THEN … END, as an instant whatever type the server gives a parameter. */
const byId = (advances: readonly Advance[], value: (advance: Advance) => SQL): SQL<Date> =>
  sql`cast(case ${schedules.id} ${sql.join(
    advances.map((advance) => sql`when ${advance.id} then ${value(advance)}`),
    sql` `,
  )} end as datetime(3))`;

/** All runs that wait or are under way, with their schedules, in the order in which they were due. */
export const listUnfinished = (db: Db, states: readonly ScheduleRunState[] = unfinishedStates): Promise<RunOfSchedule[]> =>
  withSchedule(db)
    .where(inArray(scheduleRuns.state, [...states]))
    .orderBy(asc(scheduleRuns.dueAt), asc(scheduleRuns.id));

const withSchedule = (db: Db) =>
  db
    .select({ run: getTableColumns(scheduleRuns), schedule: getTableColumns(schedules) })
    .from(scheduleRuns)
    .innerJoin(schedules, eq(schedules.id, scheduleRuns.scheduleId));

/** The run whose last attempt is this operation; null when no schedule asked for it. */
export async function findRunOf(db: Db, operationId: OperationId): Promise<RunOfSchedule | null> {
  const [row] = await withSchedule(db).where(eq(scheduleRuns.operationId, operationId));
  return row ?? null;
}

export async function findRun(db: Db, id: ScheduleRunId): Promise<ScheduleRunRow | null> {
  const [row] = await db.select().from(scheduleRuns).where(eq(scheduleRuns.id, id));
  return row ?? null;
}

/** Runs of one schedule or of all, the newest first. */
export const listRuns = (db: Db, scheduleId: ScheduleId | null, first: number): Promise<ScheduleRunRow[]> =>
  db
    .select()
    .from(scheduleRuns)
    .where(scheduleId ? eq(scheduleRuns.scheduleId, scheduleId) : undefined)
    .orderBy(desc(scheduleRuns.dueAt), desc(scheduleRuns.id))
    .limit(first);

/** The newest runs of each of these schedules, the newest first. */
export async function listRunsOf(db: Db, ids: readonly ScheduleId[], first: number): Promise<ScheduleRunRow[]> {
  const newest = (id: ScheduleId) =>
    db.select().from(scheduleRuns).where(eq(scheduleRuns.scheduleId, id)).orderBy(desc(scheduleRuns.dueAt)).limit(first);
  const [one, two, ...more] = ids.map(newest);
  if (!one || !two) return one ? await one : [];
  // Each of them ends after a few entries of the index, however many runs there are.
  return unionAll(one, two, ...more);
}

/** Changes a run that is in this state at this attempt; false when somebody else was first. */
export async function changeRun(
  db: Db,
  from: Pick<ScheduleRunRow, "id" | "state" | "attempt">,
  change: Partial<Omit<ScheduleRunRow, "id" | "scheduleId" | "dueAt">>,
): Promise<boolean> {
  const same = and(eq(scheduleRuns.id, from.id), eq(scheduleRuns.state, from.state), eq(scheduleRuns.attempt, from.attempt));
  const [result] = await db.update(scheduleRuns).set(change).where(same);
  return result.affectedRows === 1;
}

/** Notes when a schedule last began something. */
export async function noteLastRun(db: Db, id: ScheduleId, at: Date): Promise<void> {
  await db.update(schedules).set({ lastRunAt: at }).where(eq(schedules.id, id));
}

export async function findScheduleRow(db: Db, id: ScheduleId): Promise<ScheduleRow | null> {
  const [row] = await db.select().from(schedules).where(eq(schedules.id, id));
  return row ?? null;
}

export const findScheduleRows = (db: Db, ids: readonly ScheduleId[]): Promise<ScheduleRow[]> =>
  db
    .select()
    .from(schedules)
    .where(inArray(schedules.id, [...ids]));

/** The next due time of each active schedule that has one. */
export const listNextTimes = (db: Db): Promise<{ id: ScheduleId; at: Date | null }[]> =>
  db
    .select({ id: schedules.id, at: schedules.nextRunAt })
    .from(schedules)
    .where(and(eq(schedules.active, true), sql`${schedules.nextRunAt} is not null`));

/** After a clock was wrong: due times that still lie ahead were never missed, and nothing waits for an instant that was never near. */
export async function forgetFuture(db: Db, ids: readonly ScheduleId[], now: Date): Promise<void> {
  const own = inArray(scheduleRuns.scheduleId, [...ids]);
  await db.delete(scheduleRuns).where(and(own, eq(scheduleRuns.state, "SKIPPED"), gt(scheduleRuns.dueAt, now)));
  await db
    .update(scheduleRuns)
    .set({ notBefore: now })
    .where(and(own, eq(scheduleRuns.state, "WAITING"), gt(scheduleRuns.createdAt, now)));
}
