import type {
  JobId,
  JobParameters,
  JobRepository,
  JobRepositoryOptions,
  JobsOverview,
  JobsQueryOptions,
  JobsResult,
  RemoveJobsOptions,
} from "agenda";
import { and, eq, inArray, isNotNull, type SQL, sql } from "drizzle-orm";
import { type ClaimOrder, claim, claimNext } from "./claim.ts";
import { createTables } from "./create-tables.ts";
import type { JobsDatabase } from "./database.ts";
import { retryDeadlock } from "./deadlock.ts";
import { chosen, numberOf } from "./job-filter.ts";
import { countDue, distinctNames, overview, queryJobs } from "./query.ts";
import { reasonOf, toJob } from "./rows.ts";
import { insertJob, saveSingle, saveUnique, updateById } from "./save.ts";
import { agendaJobs as jobs } from "./schema.ts";

type Options = JobRepositoryOptions | undefined;
type Job = JobParameters<unknown>;

/** Agenda's jobs in the table `agenda_jobs`; safe with any number of processes on one database. Times are the caller's clock, not the server's. */
export class MysqlJobRepository implements JobRepository {
  readonly #db: JobsDatabase;
  readonly #order: ClaimOrder;
  readonly #ensureSchema: boolean;
  #connected = false;

  constructor(db: JobsDatabase, order: ClaimOrder, ensureSchema: boolean) {
    this.#db = db;
    this.#order = order;
    this.#ensureSchema = ensureSchema;
  }

  /** Proves that the database answers, once; rejects if it does not. */
  async connect(): Promise<void> {
    if (this.#connected) return;
    await this.#db.execute(sql`select 1`);
    if (this.#ensureSchema) await createTables(this.#db);
    this.#connected = true;
  }

  queryJobs(options: JobsQueryOptions = {}): Promise<JobsResult> {
    return queryJobs(this.#db, options, new Date());
  }

  getJobsOverview(): Promise<JobsOverview[]> {
    return overview(this.#db, new Date());
  }

  getDistinctJobNames(): Promise<string[]> {
    return distinctNames(this.#db);
  }

  getQueueSize(): Promise<number> {
    return countDue(this.#db, new Date());
  }

  async getJobById(id: string): Promise<Job | null> {
    const [row] = await this.#db
      .select()
      .from(jobs)
      .where(eq(jobs.id, numberOf(id) ?? 0));
    return row ? toJob(row) : null;
  }

  removeJobs(options: RemoveJobsOptions): Promise<number> {
    const match = chosen(options);
    return match ? this.#affected(() => this.#db.delete(jobs).where(match)) : Promise.resolve(0);
  }

  purgeAllJobs(): Promise<number> {
    return this.#affected(() => this.#db.delete(jobs));
  }

  /** Counts the jobs that were enabled until now. */
  disableJobs(options: RemoveJobsOptions): Promise<number> {
    return this.#turn(chosen(options), true);
  }

  /** Counts the jobs that were disabled until now. */
  enableJobs(options: RemoveJobsOptions): Promise<number> {
    return this.#turn(chosen(options), false);
  }

  async saveJob<DATA = unknown>(job: JobParameters<DATA>, options: Options): Promise<JobParameters<DATA>> {
    const by = options?.lastModifiedBy;
    if (job._id) {
      const row = await updateById(this.#db, job, by);
      return row ? toJob<DATA>(row) : job;
    }
    if (job.type === "single") return toJob<DATA>(await saveSingle(this.#db, job, by, new Date()));
    if (job.unique) return toJob<DATA>(await saveUnique(this.#db, job, by, new Date()));
    return toJob<DATA>(await insertJob(this.#db, job, by));
  }

  /** Writes what the processor knows; rejects if the job is gone. A run that was asked for meanwhile is kept, the earlier one of the two. */
  async saveJobState(job: Job, options: Options): Promise<void> {
    if (!job._id) throw new Error("A job without an id has no state to save.");
    const match = and(eq(jobs.id, numberOf(job._id) ?? 0), eq(jobs.name, job.name));
    const nextRunAt = sql`cast(${sql.param(job.nextRunAt ?? null, jobs.nextRunAt)} as datetime(3))`;
    const change = {
      nextRunAt: sql`case when ${jobs.rescheduled} and ${jobs.nextRunAt} is not null
        then least(coalesce(${nextRunAt}, ${jobs.nextRunAt}), ${jobs.nextRunAt}) else ${nextRunAt} end`,
      rescheduled: job.lockedAt ? undefined : false,
      lockedAt: job.lockedAt ?? null,
      lastRunAt: job.lastRunAt ?? null,
      lastFinishedAt: job.lastFinishedAt ?? null,
      failedAt: job.failedAt ?? null,
      failCount: job.failCount ?? null,
      failReason: reasonOf(job) ?? null,
      progress: job.progress ?? null,
      lastModifiedBy: options?.lastModifiedBy ?? null,
    };
    const written = await this.#affected(() => this.#db.update(jobs).set(change).where(match));
    // A pool may be set to count changed rows rather than matched ones, and a state may be saved twice.
    if (written === 0 && !(await this.#exists(match))) {
      throw new Error(`The job ${job._id} (${job.name}) cannot be updated: it is not in the database any more.`);
    }
  }

  async lockJob(job: Job, options: Options): Promise<Job | undefined> {
    if (!job._id) return undefined;
    const match = and(
      eq(jobs.id, numberOf(job._id) ?? 0),
      eq(jobs.name, job.name),
      sql`${jobs.lockedAt} is null`,
      sql`${jobs.nextRunAt} <=> ${sql.param(job.nextRunAt ?? null, jobs.nextRunAt)}`,
      eq(jobs.disabled, false),
    );
    const row = await claim(this.#db, match, { now: new Date(), name: options?.lastModifiedBy });
    return row && toJob(row);
  }

  async getNextJobToRun(name: string, nextScanAt: Date, lockDeadline: Date, now: Date | undefined, options: Options) {
    const by = { now: now ?? new Date(), name: options?.lastModifiedBy };
    const row = await claimNext(this.#db, name, { dueBy: nextScanAt, staleSince: lockDeadline }, this.#order, by);
    return row && toJob<unknown>(row);
  }

  /** Unlocks a job that has not begun: while it runs once, it has no next run. Never rejects, as Agenda does not wait for it; the lock then ends by its lifetime. */
  async unlockJob(job: Job): Promise<void> {
    const match = and(eq(jobs.id, numberOf(job._id ?? "") ?? 0), isNotNull(jobs.nextRunAt));
    await this.#affected(() => this.#db.update(jobs).set({ lockedAt: null }).where(match)).catch(() => undefined);
  }

  async unlockJobs(ids: (JobId | string)[]): Promise<void> {
    const numbers = ids.map(numberOf).filter((id) => id !== undefined);
    if (numbers.length > 0) await this.#affected(() => this.#db.update(jobs).set({ lockedAt: null }).where(inArray(jobs.id, numbers)));
  }

  /** Only jobs that change, so that the count is the same however the pool counts rows. */
  #turn(match: SQL | undefined, disabled: boolean): Promise<number> {
    if (!match) return Promise.resolve(0);
    return this.#affected(() =>
      this.#db
        .update(jobs)
        .set({ disabled })
        .where(and(match, eq(jobs.disabled, !disabled))),
    );
  }

  async #exists(match: SQL | undefined): Promise<boolean> {
    const found = await this.#db.select({ id: jobs.id }).from(jobs).where(match);
    return found.length > 0;
  }

  async #affected(write: () => PromiseLike<[{ affectedRows: number }, unknown]>): Promise<number> {
    const [{ affectedRows }] = await retryDeadlock(async () => write());
    return affectedRows;
  }
}
