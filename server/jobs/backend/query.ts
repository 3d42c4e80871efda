import { computeJobState, type JobsOverview, type JobsQueryOptions, type JobsResult, type JobsSort, type JobWithState } from "agenda";
import { asc, count, desc, isNull, lt, type SQL, sql } from "drizzle-orm";
import type { JobsDatabase } from "./database.ts";
import { asked } from "./job-filter.ts";
import { toJob } from "./rows.ts";
import { agendaJobs as jobs } from "./schema.ts";
import { stateIs } from "./state.ts";

/** A page of the jobs that are asked for, with their states, and how many there are on all pages. */
export async function queryJobs(db: JobsDatabase, query: JobsQueryOptions, now: Date): Promise<JobsResult> {
  const where = asked(query, now);
  const { sort, skip = 0, limit = 0 } = query;
  const page = db
    .select()
    .from(jobs)
    .where(where)
    .orderBy(...order(sort))
    .limit(limit > 0 ? limit : Number.MAX_SAFE_INTEGER)
    .offset(Math.max(skip, 0));
  const [rows, [all]] = await Promise.all([page, db.select({ total: count() }).from(jobs).where(where)]);
  return {
    jobs: rows.map((row) => {
      const job = toJob<unknown>(row);
      return { ...job, state: computeJobState(job, now) } as JobWithState;
    }),
    total: all?.total ?? 0,
  };
}

/** How many jobs of each name are in each state; a paused job counts in its state too. */
export async function overview(db: JobsDatabase, now: Date): Promise<JobsOverview[]> {
  const inState = (state: Exclude<keyof JobsOverview, "name" | "total">) =>
    sql`sum(case when ${stateIs(state, now)} then 1 else 0 end)`.mapWith(Number);
  return db
    .select({
      name: jobs.name,
      total: count(),
      running: inState("running"),
      scheduled: inState("scheduled"),
      queued: inState("queued"),
      completed: inState("completed"),
      failed: inState("failed"),
      repeating: inState("repeating"),
      paused: inState("paused"),
    })
    .from(jobs)
    .groupBy(jobs.name)
    .orderBy(jobs.name);
}

/** The names that any job has, in order. */
export async function distinctNames(db: JobsDatabase): Promise<string[]> {
  const rows = await db.selectDistinct({ name: jobs.name }).from(jobs).orderBy(jobs.name);
  return rows.map(({ name }) => name);
}

/** How many jobs are due. */
export async function countDue(db: JobsDatabase, now: Date): Promise<number> {
  const [due] = await db.select({ total: count() }).from(jobs).where(lt(jobs.nextRunAt, now));
  return due?.total ?? 0;
}

const sortable = ["nextRunAt", "lastRunAt", "lastFinishedAt", "priority", "name", "data"] as const;

/** Jobs without the value stand last either way; the id settles ties, so that pages neither repeat nor miss a job. */
function order(wanted: JobsSort = {}): SQL[] {
  const keys = sortable.filter((key) => wanted[key] !== undefined);
  if (keys.length === 0) return order({ nextRunAt: "desc", lastRunAt: "desc" });
  return [...keys.flatMap((key) => [isNull(jobs[key]), wanted[key] === "asc" ? asc(jobs[key]) : desc(jobs[key])]), asc(jobs.id)];
}
