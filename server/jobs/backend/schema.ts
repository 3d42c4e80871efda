import { bigint, boolean, double, index, int, mysqlTable } from "drizzle-orm/mysql-core";
import { exactText, instant, json, longText } from "./columns.ts";

/** Ids count upwards, so that they also break ties in the order of arrival. */
const id = () => bigint("id", { mode: "number", unsigned: true }).autoincrement().primaryKey();

/** One row per job. Property names are Agenda's, but for `id`, which is its `_id`. */
export const agendaJobs = mysqlTable(
  "agenda_jobs",
  {
    id: id(),
    name: exactText("name", { length: 255 }).notNull(),
    type: exactText("type", { length: 10 }).$type<"normal" | "single">().notNull(),
    priority: int("priority").notNull().default(0),
    data: json("data"),
    disabled: boolean("disabled").notNull().default(false),
    nextRunAt: instant("next_run_at"),
    /** Another run was asked for while this one was going on: the end of this run may not wipe it out. Stands after `nextRunAt`, as updates assign in this order. */
    rescheduled: boolean("rescheduled").notNull().default(false),
    lockedAt: instant("locked_at"),
    lastRunAt: instant("last_run_at"),
    lastFinishedAt: instant("last_finished_at"),
    failedAt: instant("failed_at"),
    failCount: int("fail_count"),
    failReason: longText("fail_reason"),
    progress: double("progress"),
    repeatInterval: exactText("repeat_interval", { length: 255 }),
    repeatTimezone: exactText("repeat_timezone", { length: 100 }),
    repeatAt: exactText("repeat_at", { length: 255 }),
    startDate: instant("start_date"),
    endDate: instant("end_date"),
    skipDays: json("skip_days").$type<number[]>(),
    debounceStartedAt: instant("debounce_started_at"),
    fork: boolean("fork").notNull().default(false),
    lastModifiedBy: exactText("last_modified_by", { length: 255 }),
  },
  (table) => [
    index("agenda_jobs_claim").on(table.name, table.disabled, table.lockedAt, table.nextRunAt, table.priority),
    index("agenda_jobs_due").on(table.nextRunAt),
  ],
);

/** One row per name of jobs that are saved uniquely; whoever holds the row's lock may look for a job and insert it if there is none. */
export const agendaLocks = mysqlTable("agenda_locks", {
  name: exactText("name", { length: 255 }).primaryKey(),
});

/** One row per event in the life of a job. Property names are Agenda's, but for `id`, which is its `_id`. */
export const agendaLogs = mysqlTable(
  "agenda_logs",
  {
    id: id(),
    timestamp: instant("timestamp").notNull(),
    level: exactText("level", { length: 10 }).$type<"info" | "warn" | "error" | "debug">().notNull(),
    event: exactText("event", { length: 30 }).notNull(),
    jobId: exactText("job_id", { length: 255 }),
    jobName: exactText("job_name", { length: 255 }).notNull(),
    message: longText("message").notNull(),
    duration: bigint("duration", { mode: "number" }),
    error: longText("error"),
    failCount: int("fail_count"),
    retryDelay: bigint("retry_delay", { mode: "number" }),
    retryAttempt: int("retry_attempt"),
    agendaName: exactText("agenda_name", { length: 255 }),
    meta: json("meta"),
  },
  (table) => [
    index("agenda_logs_time").on(table.timestamp),
    index("agenda_logs_job").on(table.jobId, table.timestamp),
    index("agenda_logs_name").on(table.jobName, table.timestamp),
  ],
);
