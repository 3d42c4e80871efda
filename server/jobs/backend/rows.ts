import { type JobParameters, toJobId } from "agenda";
import { clipped } from "./columns.ts";
import type { agendaJobs } from "./schema.ts";

export type JobRow = typeof agendaJobs.$inferSelect;
export type NewJobRow = typeof agendaJobs.$inferInsert;

/** A row as Agenda knows it. `nextRunAt` stays null where Agenda reads null as "not again"; the rest of the nulls are left out. */
export function toJob<DATA>(row: JobRow): JobParameters<DATA> {
  return {
    _id: toJobId(String(row.id)),
    name: row.name,
    type: row.type,
    priority: row.priority,
    data: row.data as DATA,
    disabled: row.disabled,
    nextRunAt: row.nextRunAt,
    lockedAt: row.lockedAt ?? undefined,
    lastRunAt: row.lastRunAt ?? undefined,
    lastFinishedAt: row.lastFinishedAt ?? undefined,
    failedAt: row.failedAt ?? undefined,
    failCount: row.failCount ?? undefined,
    failReason: row.failReason ?? undefined,
    progress: row.progress ?? undefined,
    repeatInterval: row.repeatInterval ?? undefined,
    repeatTimezone: row.repeatTimezone ?? undefined,
    repeatAt: row.repeatAt ?? undefined,
    startDate: row.startDate ?? undefined,
    endDate: row.endDate ?? undefined,
    skipDays: row.skipDays ?? undefined,
    debounceStartedAt: row.debounceStartedAt ?? undefined,
    fork: row.fork,
    lastModifiedBy: row.lastModifiedBy ?? undefined,
  };
}

/** What a save asks for: what is absent is emptied, except the switch `disabled`, which stays as it is until someone turns it. */
export const requested = (job: JobParameters<unknown>, lastModifiedBy: string | undefined) => ({
  name: job.name,
  type: job.type,
  priority: job.priority ?? 0,
  data: plain(job.data),
  disabled: job.disabled,
  nextRunAt: job.nextRunAt ?? null,
  repeatInterval: job.repeatInterval === undefined || job.repeatInterval === null ? null : String(job.repeatInterval),
  repeatTimezone: job.repeatTimezone ?? null,
  repeatAt: job.repeatAt ?? null,
  startDate: job.startDate ?? null,
  endDate: job.endDate ?? null,
  skipDays: job.skipDays ?? null,
  fork: job.fork ?? false,
  lastModifiedBy: lastModifiedBy ?? null,
});

/** What the processor keeps about a job: a save that does not mention a field leaves it alone, as the job may be running elsewhere. */
export const mentioned = (job: JobParameters<unknown>) => ({
  lockedAt: job.lockedAt,
  lastRunAt: job.lastRunAt,
  lastFinishedAt: job.lastFinishedAt,
  failedAt: job.failedAt,
  failCount: job.failCount,
  failReason: reasonOf(job),
  progress: job.progress,
});

/** `failReason` as the column holds it; undefined and null as they are. */
export const reasonOf = ({ failReason }: JobParameters<unknown>) =>
  failReason === undefined || failReason === null ? failReason : clipped(failReason);

/** A value as it is after a journey through JSON: dates as text, what JSON cannot say left out, nothing as null. */
export const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value) ?? "null");
