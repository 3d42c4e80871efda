import { and, eq, lt, or, type SQL } from "drizzle-orm";
import type { MySqlColumn } from "drizzle-orm/mysql-core";
import { badInput } from "../domain/errors.ts";

/** A page of rows, newest first, and where the next one begins. */
export interface Page<Row> {
  readonly nodes: readonly Row[];
  readonly hasNextPage: boolean;
  readonly endCursor: string | null;
  readonly totalCount: number;
}

/** Only rows that come after the cursor in the order newest first; a cursor that we did not make is BAD_USER_INPUT. */
export function after(createdAt: MySqlColumn, id: MySqlColumn, cursor: string | null): SQL | undefined {
  if (cursor === null) return undefined;
  const [instant, rowId] = Buffer.from(cursor, "base64url").toString().split(" ");
  const at = new Date(instant ?? "");
  if (!rowId || Number.isNaN(at.getTime()))
    throw badInput("This cursor is not one that the server gave.", "Ask for the first page again, without `after`.");
  return or(lt(createdAt, at), and(eq(createdAt, at), lt(id, rowId)));
}

/** The page made of `rows`, which were asked for with one more than `first`. */
export function pageOf<Row extends { createdAt: Date; id: string }>(rows: readonly Row[], first: number, totalCount: number): Page<Row> {
  const nodes = rows.slice(0, first);
  const last = nodes.at(-1);
  return {
    nodes,
    hasNextPage: rows.length > first,
    endCursor: last ? Buffer.from(`${last.createdAt.toISOString()} ${last.id}`).toString("base64url") : null,
    totalCount,
  };
}

/** A search text as a LIKE pattern that matches it literally. */
export const containing = (text: string) => `%${text.replace(/[\\%_]/g, "\\$&")}%`;
