import type { JobParameters } from "agenda";
import { and, asc, eq, type SQL, sql } from "drizzle-orm";
import type { JobsDatabase } from "./database.ts";
import { retryDeadlock } from "./deadlock.ts";
import { debounce } from "./debounce.ts";
import { numberOf } from "./job-filter.ts";
import { type JobRow, mentioned, type NewJobRow, requested } from "./rows.ts";
import { agendaJobs as jobs, agendaLocks as locks } from "./schema.ts";
import { uniqueMatch } from "./unique-filter.ts";

type Job = JobParameters<unknown>;
type Transaction = Pick<JobsDatabase, "select" | "insert" | "update">;

/** Writes a job that has an id already; undefined if it is gone. */
export async function updateById(db: JobsDatabase, job: Job, by: string | undefined): Promise<JobRow | undefined> {
  const match = and(eq(jobs.id, numberOf(String(job._id)) ?? 0), eq(jobs.name, job.name));
  await retryDeadlock(() =>
    db
      .update(jobs)
      .set({ ...requested(job, by), ...mentioned(job) })
      .where(match),
  );
  const [row] = await db.select().from(jobs).where(match);
  return row;
}

/** Writes a new job, whatever others there are. A transaction, so that no worker runs and removes it before it is read back. */
export const insertJob = (db: JobsDatabase, job: Job, by: string | undefined): Promise<JobRow> =>
  retryDeadlock(() => db.transaction((tx) => insertRow(tx, { ...requested(job, by), ...mentioned(job) })));

/** The one job of its name that `every()` makes: a run that is due or planned already is not put off by a start of the program. */
export const saveSingle = (db: JobsDatabase, job: Job, by: string | undefined, now: Date): Promise<JobRow> =>
  upsert(db, job.name, and(eq(jobs.name, job.name), eq(jobs.type, "single")), (existing) => {
    const change = requested(job, by);
    const past = change.nextRunAt !== null && change.nextRunAt <= now;
    return { ...change, ...mentioned(job), nextRunAt: past ? (existing?.nextRunAt ?? change.nextRunAt) : change.nextRunAt };
  });

/** The one job that its `unique` constraint describes, made or brought up to date; with `insertOnly` an existing one stays as it is. */
export function saveUnique(db: JobsDatabase, job: Job, by: string | undefined, now: Date): Promise<JobRow> {
  const { unique = {}, uniqueOpts } = job;
  return upsert(db, job.name, uniqueMatch(job.name, unique), (existing) => {
    if (existing && uniqueOpts?.insertOnly && !uniqueOpts.debounce) return undefined;
    const change = { ...requested(job, by), ...mentioned(job) };
    const step = uniqueOpts?.debounce && debounce(uniqueOpts.debounce, change.nextRunAt, existing, now);
    return { ...change, debounceStartedAt: null, ...step };
  });
}

/**
 * Finds the job that `match` describes and changes it, or inserts it; one caller at a time per name of jobs, in all processes.
 * MySQL has no partial unique index that could say "one of these". Holding the name's row in agenda_locks until the end of
 * the transaction says it, whatever the constraint is, without locking jobs that others work on.
 */
function upsert(
  db: JobsDatabase,
  name: string,
  match: SQL | undefined,
  change: (existing: JobRow | undefined) => NewJobRow | undefined,
): Promise<JobRow> {
  return retryDeadlock(() =>
    db.transaction(async (tx) => {
      await tx
        .insert(locks)
        .values({ name })
        .onDuplicateKeyUpdate({ set: { name: sql`name` } });
      const [found] = await tx.select({ id: jobs.id }).from(jobs).where(match).orderBy(asc(jobs.id)).limit(1);
      const [existing] = found ? await tx.select().from(jobs).where(eq(jobs.id, found.id)).for("update") : [];
      const changed = change(existing);
      if (!existing) return insertRow(tx, changed ?? { name, type: "normal" });
      if (!changed) return existing;
      const row = { ...changed, rescheduled: existing.rescheduled || asksForAnotherRun(existing, changed) };
      await tx.update(jobs).set(row).where(eq(jobs.id, existing.id));
      return { ...existing, ...withoutUndefined(row) };
    }),
  );
}

const asksForAnotherRun = (existing: JobRow, { nextRunAt }: NewJobRow) =>
  existing.lockedAt !== null && nextRunAt instanceof Date && nextRunAt.getTime() !== existing.nextRunAt?.getTime();

async function insertRow(db: Transaction, row: NewJobRow): Promise<JobRow> {
  const [{ insertId }] = await db.insert(jobs).values(row);
  const [inserted] = await db.select().from(jobs).where(eq(jobs.id, insertId));
  if (!inserted) throw new Error(`The new job ${insertId} (${row.name}) cannot be read back.`);
  return inserted;
}

const withoutUndefined = <T extends object>(row: T) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined));
