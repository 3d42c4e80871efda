import type { JobState } from "agenda";
import { eq, type SQL, sql } from "drizzle-orm";
import { agendaJobs as jobs } from "./schema.ts";

/** A job's state as Agenda's `computeJobState` tells it, told by the server, so that lists can be counted and paged there. */
export const stateOf = (now: Date): SQL<JobState> => sql<JobState>`case
  when ${jobs.lockedAt} is not null then 'running'
  when ${jobs.failedAt} is not null and (${jobs.lastFinishedAt} is null or ${jobs.failedAt} >= ${jobs.lastFinishedAt}) then 'failed'
  when ${jobs.repeatInterval} <> '' then 'repeating'
  when ${jobs.nextRunAt} > ${sql.param(now, jobs.nextRunAt)} then 'scheduled'
  when ${jobs.nextRunAt} is not null then 'queued'
  else 'completed' end`;

/** Jobs in a state; PAUSED is no state of its own but the switch `disabled`, beside any state. */
export const stateIs = (state: JobState, now: Date): SQL =>
  state === "paused" ? eq(jobs.disabled, true) : sql`${stateOf(now)} = ${state}`;
