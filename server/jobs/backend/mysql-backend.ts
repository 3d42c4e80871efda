/**
 * A MySQL and MariaDB backend for Agenda 6, on Drizzle and mysql2. It needs MySQL 8.0 or MariaDB 10.6, for SKIP LOCKED.
 *
 *     const pool = mysql.createPool("mysql://…");               // mysql2, or a Drizzle database that stands on such a pool
 *     const backend = new MysqlBackend(pool, { ensureSchema: true });
 *     await backend.connect();                                  // fails here, where it can be caught
 *     const agenda = new Agenda({ backend, name: hostname() });
 *
 * - Connect before the Agenda is made: its constructor connects too, and does not catch what fails there.
 * - The pool is the caller's: `agenda.stop()` leaves it open. Leave it several connections, as claims and unique saves are transactions.
 * - The tables are agenda_jobs, agenda_locks and agenda_logs. `ensureSchema` creates what is missing; or migrate with drizzle-kit from schema.ts.
 * - Times are UTC whatever the session's time zone. The clock is that of the processes, so keep their clocks together.
 * - A `unique` save, debounced or not, and `every()` leave exactly one row, however many processes save at once.
 *   A constraint compares `data.a.b` by value and type (objects and lists as a whole), or a field of the job; operators are refused.
 * - A unique save or `every()` for a job that is running just now is not lost: the job runs again after it.
 * - Saving a job that may be running leaves its lock, counters and, unless they are set, its `disabled` switch alone.
 * - `logging: true` keeps the events of jobs in agenda_logs; nothing clears it by itself but `agenda.clearLogs()`.
 * - Workers of one process wake each other at once; between processes pass a `notificationChannel`, else they poll (`processEvery`).
 */
import type { AgendaBackend, NotificationChannel } from "agenda";
import { drizzle } from "drizzle-orm/mysql2";
import type { Pool as CallbackPool } from "mysql2";
import type { Pool } from "mysql2/promise";
import { type ClaimOrder, releaseJobsOf, removeEnded } from "./claim.ts";
import type { JobsDatabase } from "./database.ts";
import { InProcessNotificationChannel } from "./in-process-channel.ts";
import { MysqlJobLogger } from "./job-log.ts";
import { MysqlJobRepository } from "./job-repository.ts";
import { type Plan, planJobs } from "./plan.ts";

export interface MysqlBackendOptions {
  /** Create missing tables when connecting; false by default, for databases with migrations. */
  readonly ensureSchema?: boolean;
  /** Which due job goes first: by default the earliest, and of those the one with the highest priority. */
  readonly sort?: ClaimOrder;
  /** How workers hear of new jobs: by default within this process; false for polling only. */
  readonly notificationChannel?: NotificationChannel | false;
}

/** Agenda's jobs, their log and their wake-ups on a MySQL or MariaDB database. */
export class MysqlBackend implements AgendaBackend {
  readonly name = "MySQL";
  readonly ownsConnection = false;
  readonly repository: MysqlJobRepository;
  readonly logger: MysqlJobLogger;
  readonly notificationChannel: NotificationChannel | undefined;
  readonly #db: JobsDatabase;

  constructor(database: JobsDatabase | Pool | CallbackPool, options: MysqlBackendOptions = {}) {
    const db = "getConnection" in database ? drizzle({ client: database }) : database;
    const { ensureSchema = false, sort = {}, notificationChannel = new InProcessNotificationChannel() } = options;
    this.#db = db;
    this.repository = new MysqlJobRepository(db, sort, ensureSchema);
    this.logger = new MysqlJobLogger(db);
    this.notificationChannel = notificationChannel || undefined;
  }

  /** Proves that the database answers and, if asked to, creates the tables; asks only once. Rejects with the driver's error. */
  connect(): Promise<void> {
    return this.repository.connect();
  }

  /** Plans many jobs of one name at once; see plan.ts. Agenda itself saves one job at a time. */
  plan(name: string, plans: readonly Plan[], only = false): Promise<void> {
    return planJobs(this.#db, name, plans, only);
  }

  /**
   * Ends the locks of Agendas whose `name` is known to be gone, so that their jobs do not wait for the end of the locks' lifetime.
   * Agenda itself knows only the lifetime. Each process needs a `name` of its own.
   */
  releaseJobsOf(isGone: (name: string) => boolean): Promise<void> {
    return releaseJobsOf(this.#db, isGone);
  }

  /** Makes way for a unique save that only inserts: what has ended is no reason not to run again. */
  removeEnded(name: string, data: unknown): Promise<void> {
    return removeEnded(this.#db, name, data);
  }

  /** Nothing to do: the pool is the caller's, and the channel is Agenda's to disconnect. */
  async disconnect(): Promise<void> {}
}
