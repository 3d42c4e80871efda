import type { MySql2Database } from "drizzle-orm/mysql2";

/** What the backend needs of a Drizzle database, whatever schema that one was made with. It stands on a pool: transactions take a connection of their own. */
export type JobsDatabase = Pick<
  MySql2Database<Record<string, unknown>>,
  "select" | "selectDistinct" | "insert" | "update" | "delete" | "execute" | "transaction"
>;
