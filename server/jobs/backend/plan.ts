import { and, eq, inArray, type SQL, sql } from "drizzle-orm";
import type { JobsDatabase } from "./database.ts";
import { retryDeadlock } from "./deadlock.ts";
import { agendaJobs as jobs, agendaLocks as locks } from "./schema.ts";

/** When the job of this name with this `data.id` runs next; null for not at all. */
export interface Plan {
  readonly id: string;
  readonly at: Date | null;
}

type Transaction = Pick<JobsDatabase, "select" | "insert" | "update" | "delete">;
const atOnce = 500;

/**
 * Plans many jobs of one name in a few statements, one job for each `data.id`: what is missing is made, what differs is moved,
 * the rest is left alone. `only` also removes the jobs that no plan is for. A plan for a job that is running just now holds
 * for after it. One caller at a time, in all processes, like every unique save.
 */
export function planJobs(db: JobsDatabase, name: string, plans: readonly Plan[], only: boolean): Promise<void> {
  return retryDeadlock(() =>
    db.transaction(
      async (tx) => {
        await tx
          .insert(locks)
          .values({ name })
          .onDuplicateKeyUpdate({ set: { name: sql`name` } });
        const wanted = new Map(plans.map(({ id, at }) => [id, at]));
        const gone: number[] = [];
        const moved: { readonly id: number; readonly at: Date | null }[] = [];
        for (const job of await present(tx, name, only ? null : [...wanted.keys()])) {
          const at = wanted.get(job.key) ?? null;
          wanted.delete(job.key);
          // A job that runs just now is gone for Agenda only when it has ended.
          if (at === null && job.lockedAt === null) gone.push(job.id);
          else if (at?.getTime() !== job.nextRunAt?.getTime()) moved.push({ id: job.id, at });
        }
        const missing = [...wanted].flatMap(([id, at]) => (at ? [{ name, type: "normal" as const, data: { id }, nextRunAt: at }] : []));
        for (const some of chunks(gone)) await tx.delete(jobs).where(inArray(jobs.id, some));
        for (const some of chunks(moved)) await move(tx, some);
        for (const some of chunks(missing)) await tx.insert(jobs).values(some);
      },
      { isolationLevel: "read committed" },
    ),
  );
}

/** The jobs of that name, or those of them with one of these `data.id`s. */
function present(tx: Transaction, name: string, keys: readonly string[] | null) {
  const key = sql<string>`json_unquote(json_extract(${jobs.data}, '$.id'))`;
  return tx
    .select({ id: jobs.id, key: key.as("job_key"), nextRunAt: jobs.nextRunAt, lockedAt: jobs.lockedAt })
    .from(jobs)
    .where(and(eq(jobs.name, name), keys ? sql`${key} in ${keys.length > 0 ? keys : [""]}` : undefined));
}

async function move(tx: Transaction, plans: readonly { readonly id: number; readonly at: Date | null }[]): Promise<void> {
  const nextRunAt: SQL = sql`cast(case ${jobs.id} ${sql.join(
    plans.map(({ id, at }) => sql`when ${id} then ${sql.param(at, jobs.nextRunAt)}`),
    sql` `,
  )} end as datetime(3))`;
  await tx
    .update(jobs)
    .set({ nextRunAt, rescheduled: sql`(${jobs.rescheduled} or ${jobs.lockedAt} is not null)` })
    .where(
      inArray(
        jobs.id,
        plans.map(({ id }) => id),
      ),
    );
}

function chunks<T>(all: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(all.length / atOnce) }, (_, index) => all.slice(index * atOnce, (index + 1) * atOnce));
}
