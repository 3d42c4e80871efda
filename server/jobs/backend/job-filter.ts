import type { JobsQueryOptions, RemoveJobsOptions } from "agenda";
import { and, eq, inArray, notInArray, type SQL, sql } from "drizzle-orm";
import { dataHolds } from "./data-filter.ts";
import { agendaJobs } from "./schema.ts";
import { stateIs } from "./state.ts";

const nothing = sql`false`;

/**
 * The jobs that a removal or a switch is about; undefined when no criterion is given, which means none of them, never all.
 * All criteria hold together; `id` goes before `ids`, `name` before `names` before `notNames`. An empty list of ids or names matches no job.
 */
export function chosen({ id, ids, name, names, notNames, data }: RemoveJobsOptions): SQL | undefined {
  return and(
    id ? withIds([id]) : ids && withIds(ids),
    name ? eq(agendaJobs.name, name) : names ? among(names) : notNames?.length ? notInArray(agendaJobs.name, notNames) : undefined,
    data === undefined ? undefined : dataHolds(data),
  );
}

/** The jobs that a query is about; undefined when it is about all of them. Empty lists and texts are no criterion. */
export function asked(query: JobsQueryOptions, now: Date): SQL | undefined {
  const { id, ids, name, names, search, data, state, includeDisabled = true } = query;
  return and(
    id ? withIds([id]) : ids?.length ? withIds(ids) : undefined,
    name ? eq(agendaJobs.name, name) : names?.length ? among(names) : undefined,
    search ? sql`locate(${search}, ${agendaJobs.name} collate utf8mb4_unicode_ci) > 0` : undefined,
    data === undefined ? undefined : dataHolds(data),
    includeDisabled ? undefined : eq(agendaJobs.disabled, false),
    state && stateIs(state, now),
  );
}

/** The number in an id, or undefined for text that is no id of ours: the server would take "7 days" for 7. */
export function numberOf(id: string): number | undefined {
  return /^\d{1,15}$/.test(id) ? Number(id) : undefined;
}

function withIds(ids: readonly string[]): SQL {
  const numbers = ids.map((id) => numberOf(String(id))).filter((id) => id !== undefined);
  return numbers.length ? inArray(agendaJobs.id, numbers) : nothing;
}

const among = (names: string[]) => (names.length ? inArray(agendaJobs.name, names) : nothing);
