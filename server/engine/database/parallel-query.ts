import { quoteName } from "./names.ts";
import type { TableJob } from "./parallel-messages.ts";

/** The SELECT of one stretch of a table: the rows behind the one bound, up to and with the next. */
export function rangeQuery({ name, columns, key, bounds }: TableJob, range: number): string {
  const read = columns.map((column) => column.read).join(",");
  const from = `SELECT SQL_NO_CACHE ${read} FROM ${quoteName(name)}`;
  if (key.length === 0) return from;
  return `${from} FORCE INDEX (PRIMARY)${between(key, bounds[range - 1] ?? null, bounds[range] ?? null)} ORDER BY ${key.map(quoteName).join(",")}`;
}

/** The condition that a key lies behind `after` and not behind `upTo`; both may name only the key's first columns. */
export function between(key: readonly string[], after: readonly string[] | null, upTo: readonly string[] | null): string {
  const conditions = [...(after ? [compared(key, after, ">", ">")] : []), ...(upTo ? [compared(key, upTo, "<", "<=")] : [])];
  return conditions.length > 0 ? ` WHERE ${conditions.join(" AND ")}` : "";
}

/** Column by column: a server takes comparisons of whole rows for something that no key helps with. */
function compared(key: readonly string[], bound: readonly string[], before: string, last: string): string {
  const names = key.slice(0, bound.length).map(quoteName);
  const alternatives = bound.map((literal, index) => {
    const equal = bound.slice(0, index).map((value, at) => `${names[at]} = ${value}`);
    return [...equal, `${names[index]} ${index === bound.length - 1 ? last : before} ${literal}`].join(" AND ");
  });
  return `(${alternatives.map((alternative) => `(${alternative})`).join(" OR ")})`;
}
