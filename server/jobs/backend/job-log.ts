import type { JobLogEntry, JobLogger, JobLogQuery, JobLogQueryResult } from "agenda";
import { and, asc, count, desc, eq, gte, inArray, lte, type SQL } from "drizzle-orm";
import { clipped } from "./columns.ts";
import type { JobsDatabase } from "./database.ts";
import { retryDeadlock } from "./deadlock.ts";
import { plain } from "./rows.ts";
import { agendaLogs as logs } from "./schema.ts";

/** The events in the life of Agenda's jobs, in the table `agenda_logs`; they outlive their jobs until they are cleared. */
export class MysqlJobLogger implements JobLogger {
  readonly #db: JobsDatabase;

  constructor(db: JobsDatabase) {
    this.#db = db;
  }

  async log({ meta, error, message, ...entry }: Omit<JobLogEntry, "_id">): Promise<void> {
    await this.#db.insert(logs).values({
      ...entry,
      message: clipped(message),
      error: error === undefined ? null : clipped(error),
      meta: meta === undefined ? null : plain(meta),
    });
  }

  /** A page of the entries that match, the newest first unless asked otherwise, and how many match on all pages. */
  async getLogs(query: JobLogQuery = {}): Promise<JobLogQueryResult> {
    const { limit = 50, offset = 0, sort = "desc" } = query;
    const where = matching(query);
    const direction = sort === "asc" ? asc : desc;
    const page = this.#db
      .select()
      .from(logs)
      .where(where)
      .orderBy(direction(logs.timestamp), direction(logs.id))
      .limit(limit)
      .offset(offset);
    const [rows, [all]] = await Promise.all([page, this.#db.select({ total: count() }).from(logs).where(where)]);
    return { entries: rows.map(toEntry), total: all?.total ?? 0 };
  }

  /** Removes the entries that match, or all of them; paging and order play no part. Resolves to their number. */
  async clearLogs(query: JobLogQuery = {}): Promise<number> {
    const [{ affectedRows }] = await retryDeadlock(async () => this.#db.delete(logs).where(matching(query)));
    return affectedRows;
  }
}

function matching({ jobId, jobName, level, event, from, to }: JobLogQuery): SQL | undefined {
  return and(
    jobId ? eq(logs.jobId, jobId) : undefined,
    jobName ? eq(logs.jobName, jobName) : undefined,
    level?.length ? inArray(logs.level, [level].flat()) : undefined,
    event?.length ? inArray(logs.event, [event].flat()) : undefined,
    from ? gte(logs.timestamp, from) : undefined,
    to ? lte(logs.timestamp, to) : undefined,
  );
}

function toEntry(row: typeof logs.$inferSelect): JobLogEntry {
  return {
    _id: String(row.id),
    timestamp: row.timestamp,
    level: row.level,
    event: row.event as JobLogEntry["event"],
    jobId: row.jobId ?? undefined,
    jobName: row.jobName,
    message: row.message,
    duration: row.duration ?? undefined,
    error: row.error ?? undefined,
    failCount: row.failCount ?? undefined,
    retryDelay: row.retryDelay ?? undefined,
    retryAttempt: row.retryAttempt ?? undefined,
    agendaName: row.agendaName ?? undefined,
    meta: (row.meta ?? undefined) as JobLogEntry["meta"],
  };
}
