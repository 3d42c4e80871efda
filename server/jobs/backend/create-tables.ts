import { sql } from "drizzle-orm";
import { getTableConfig, type MySqlTable } from "drizzle-orm/mysql-core";
import type { JobsDatabase } from "./database.ts";
import { agendaJobs, agendaLocks, agendaLogs } from "./schema.ts";

/** Creates the backend's tables where they are missing; for tests and for users without migrations. An existing table is left as it is. */
export async function createTables(db: JobsDatabase): Promise<void> {
  for (const table of [agendaJobs, agendaLocks, agendaLogs]) await db.execute(sql.raw(createTable(table)));
}

/** The CREATE TABLE statement of a table definition, so that schema.ts stays the only place that says what the tables are. */
function createTable(table: MySqlTable): string {
  const { name, columns, indexes } = getTableConfig(table);
  const lines = columns.map((column) =>
    [
      `\`${column.name}\` ${column.getSQLType()}`,
      column.notNull ? "NOT NULL" : "",
      column.default === undefined ? "" : `DEFAULT ${String(column.default)}`,
      "autoIncrement" in column && column.autoIncrement ? "AUTO_INCREMENT" : "",
      column.primary ? "PRIMARY KEY" : "",
    ]
      .filter(Boolean)
      .join(" "),
  );
  const keys = indexes.map(({ config }) => {
    const parts = config.columns.map((column) => ("name" in column ? `\`${column.name}\`` : ""));
    return `KEY \`${config.name}\` (${parts.join(", ")})`;
  });
  return `CREATE TABLE IF NOT EXISTS \`${name}\` (${[...lines, ...keys].join(", ")}) ENGINE=InnoDB`;
}
