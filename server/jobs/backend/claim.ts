import type { SortDirection } from "agenda";
import { and, asc, desc, eq, inArray, isNotNull, isNull, lte, notInArray, or, type SQL } from "drizzle-orm";
import { unionAll } from "drizzle-orm/mysql-core";
import { dataHolds } from "./data-filter.ts";
import type { JobsDatabase } from "./database.ts";
import { retryDeadlock } from "./deadlock.ts";
import type { JobRow } from "./rows.ts";
import { agendaJobs as jobs } from "./schema.ts";

/** Which due job goes first. */
export interface ClaimOrder {
  readonly nextRunAt?: SortDirection;
  readonly priority?: SortDirection;
}

/** When a job may be claimed: it is free and due by `dueBy`, or its lock is from `staleSince` or before. */
export interface ClaimWindow {
  readonly dueBy: Date;
  readonly staleSince: Date;
}

/** Who claims, and when. */
export interface Claimant {
  readonly now: Date;
  readonly name: string | undefined;
}

const atOnce = 10;

/**
 * Locks and returns the first job of that name which may be claimed, or undefined if there is none. No two callers get the same one.
 * The candidates are read without locks and then tried one by one: a locking read of the whole queue would, wherever the server
 * sorts first, lock every due job, and the other workers would skip them all and find none. An idle poll is one plain query.
 */
export async function claimNext(db: JobsDatabase, name: string, window: ClaimWindow, order: ClaimOrder, by: Claimant) {
  const lost: number[] = [];
  for (;;) {
    const ids = await candidates(db, name, window, order, lost);
    for (const id of ids) {
      const row = await claim(db, and(eq(jobs.id, id), eq(jobs.name, name), claimable(window)), by);
      if (row) return row;
      lost.push(id);
    }
    if (ids.length < atOnce) return undefined;
  }
}

/** Locks the job that `match`, which names it by its id, describes; undefined if there is none, or another holds it just now. */
export async function claim(db: JobsDatabase, match: SQL | undefined, by: Claimant): Promise<JobRow | undefined> {
  return retryDeadlock(() =>
    db.transaction(async (tx) => {
      const [row] = await tx.select().from(jobs).where(match).limit(1).for("update", { skipLocked: true });
      if (!row) return undefined;
      const claimed = { lockedAt: by.now, lastModifiedBy: by.name ?? null, rescheduled: false };
      await tx.update(jobs).set(claimed).where(eq(jobs.id, row.id));
      return { ...row, ...claimed };
    }),
  );
}

/** Lets anybody claim at once the jobs that were claimed under a name of which `isGone` says that its process ended. */
export async function releaseJobsOf(db: JobsDatabase, isGone: (name: string) => boolean): Promise<void> {
  const rows = await db.selectDistinct({ name: jobs.lastModifiedBy }).from(jobs).where(isNotNull(jobs.lockedAt));
  const gone = rows.flatMap(({ name }) => (name !== null && isGone(name) ? [name] : []));
  if (gone.length === 0) return;
  // Stale rather than free: a job that runs once has no next run while it runs, and is claimed by its lock alone.
  await retryDeadlock(async () =>
    db
      .update(jobs)
      .set({ lockedAt: new Date(0) })
      .where(and(isNotNull(jobs.lockedAt), inArray(jobs.lastModifiedBy, gone))),
  );
}

/**
 * Removes the jobs of that name with those data that have ended and will not run again. Agenda removes a job after it wrote down
 * its end: one whose process ended in between would stand in the way of every later unique save that only inserts.
 */
export async function removeEnded(db: JobsDatabase, name: string, data: unknown): Promise<void> {
  const ended = and(eq(jobs.disabled, false), isNull(jobs.lockedAt), isNull(jobs.nextRunAt), isNotNull(jobs.lastFinishedAt));
  await retryDeadlock(async () => db.delete(jobs).where(and(eq(jobs.name, name), ended, dataHolds(data))));
}

const isDue = ({ dueBy }: ClaimWindow) => and(isNull(jobs.lockedAt), lte(jobs.nextRunAt, dueBy));
const isStale = ({ staleSince }: ClaimWindow) => lte(jobs.lockedAt, staleSince);
const claimable = (window: ClaimWindow) => and(eq(jobs.disabled, false), or(isDue(window), isStale(window)));

/** Two ranges of one index, rather than an OR that is neither. A crashed job without a next run sorts first: it has waited longest. */
async function candidates(db: JobsDatabase, name: string, window: ClaimWindow, order: ClaimOrder, except: number[]): Promise<number[]> {
  const branch = (condition: SQL | undefined) =>
    db
      .select({ id: jobs.id, nextRunAt: jobs.nextRunAt, priority: jobs.priority })
      .from(jobs)
      .where(and(eq(jobs.name, name), eq(jobs.disabled, false), condition, except.length ? notInArray(jobs.id, except) : undefined))
      .orderBy(...sorted(order))
      .limit(atOnce);
  const rows = await unionAll(branch(isDue(window)), branch(isStale(window)))
    .orderBy(...sorted(order))
    .limit(atOnce);
  return rows.map(({ id }) => id);
}

const sorted = ({ nextRunAt = "asc", priority = "desc" }: ClaimOrder): SQL[] => [
  nextRunAt === "asc" ? asc(jobs.nextRunAt) : desc(jobs.nextRunAt),
  priority === "asc" ? asc(jobs.priority) : desc(jobs.priority),
  asc(jobs.id),
];
