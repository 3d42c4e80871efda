import { and, type SQL, sql } from "drizzle-orm";
import { plain } from "./rows.ts";
import { agendaJobs } from "./schema.ts";

type Path = readonly (string | number)[];

/** Jobs whose data hold everything that `data` holds: objects may have more keys, all else is equal. Undefined when `data` asks for nothing. */
export const dataHolds = (data: unknown): SQL | undefined => holds([], plain(data), false);

/** Jobs whose value at `path` within their data equals `value`; null equals a missing value too. */
export const dataEquals = (path: Path, value: unknown): SQL | undefined => holds(path, plain(value), true);

/** Compares type by type, in functions that MySQL and MariaDB understand alike, so that 1 is not "1" and "a" is not "A". */
function holds(path: Path, value: unknown, exactly: boolean): SQL | undefined {
  const found = sql`json_extract(${agendaJobs.data}, ${pathText(path)})`;
  if (value === null) return sql`(${found} is null or json_type(${found}) = 'NULL')`;
  if (typeof value === "string") {
    return sql`(json_type(${found}) = 'STRING' and cast(json_unquote(${found}) as binary) = cast(${value} as binary))`;
  }
  if (typeof value === "boolean") return sql`(json_type(${found}) = 'BOOLEAN' and json_unquote(${found}) = ${String(value)})`;
  if (typeof value === "number") {
    // A CASE, as an AND may be evaluated in any order and a word turned into a number is an error in a strict DELETE.
    return sql`case when json_type(${found}) in ('INTEGER', 'UNSIGNED INTEGER', 'DOUBLE', 'DECIMAL') then json_unquote(${found}) + 0e0 = ${value} else false end`;
  }
  const array = Array.isArray(value);
  const entries = array ? [...value.entries()] : Object.entries(value as object);
  const inside = entries.map(([key, item]) => holds([...path, key], item, exactly || array));
  if (!exactly && !array) return and(...inside);
  const shape = sql`(json_type(${found}) = ${array ? "ARRAY" : "OBJECT"} and json_length(${agendaJobs.data}, ${pathText(path)}) = ${entries.length})`;
  return and(shape, ...inside);
}

const pathText = (path: Path) =>
  `$${path.map((key) => (typeof key === "number" ? `[${key}]` : `."${key.replace(/["\\]/g, "\\$&")}"`)).join("")}`;
