import { and, eq, isNull, type SQL, sql } from "drizzle-orm";
import { dataEquals } from "./data-filter.ts";
import { plain } from "./rows.ts";
import { agendaJobs } from "./schema.ts";

/** The fields besides `data` that a unique constraint may name; anything else is a mistake, not a column. */
const columns = {
  _id: agendaJobs.id,
  name: agendaJobs.name,
  type: agendaJobs.type,
  priority: agendaJobs.priority,
  disabled: agendaJobs.disabled,
  fork: agendaJobs.fork,
  progress: agendaJobs.progress,
  failCount: agendaJobs.failCount,
  failReason: agendaJobs.failReason,
  repeatInterval: agendaJobs.repeatInterval,
  repeatTimezone: agendaJobs.repeatTimezone,
  repeatAt: agendaJobs.repeatAt,
  lastModifiedBy: agendaJobs.lastModifiedBy,
  nextRunAt: agendaJobs.nextRunAt,
  lockedAt: agendaJobs.lockedAt,
  lastRunAt: agendaJobs.lastRunAt,
  lastFinishedAt: agendaJobs.lastFinishedAt,
  failedAt: agendaJobs.failedAt,
  startDate: agendaJobs.startDate,
  endDate: agendaJobs.endDate,
  debounceStartedAt: agendaJobs.debounceStartedAt,
} as const;

/** The jobs called `name` that a unique constraint such as `{ "data.user.id": 7 }` speaks of. Throws on a field or operator it does not know. */
export const uniqueMatch = (name: string, unique: Record<string, unknown>): SQL | undefined =>
  and(eq(agendaJobs.name, name), ...Object.entries(unique).map(([field, value]) => fieldEquals(field, value)));

function fieldEquals(field: string, value: unknown): SQL | undefined {
  refuseOperators(field, plain(value));
  if (field === "data" || field.startsWith("data.")) return dataEquals(field.split(".").slice(1), value);
  if (!Object.hasOwn(columns, field)) throw new Error(`A unique constraint cannot name the field "${field}".`);
  const column = columns[field as keyof typeof columns];
  if (value === null || value === undefined) return isNull(column);
  const comparable = column.dataType === "date" && !(value instanceof Date) ? new Date(String(value)) : value;
  return sql`${column} = ${sql.param(comparable, column)}`;
}

/** MongoDB's operators mean nothing here, and taken as keys they would silently match no job and make duplicates. */
function refuseOperators(field: string, value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  const operator = Object.keys(value).find((key) => key.startsWith("$"));
  if (operator) throw new Error(`A unique constraint compares for equality only: "${field}" uses the operator "${operator}".`);
}
