import mysql from "mysql2/promise";
import { onTestFinished } from "vitest";
import type { Connection } from "../../server/domain/connection.ts";

/** Holds up whatever reads or changes the table, until the returned function is called or the test ends. */
export async function heldUp({ connection }: { readonly connection: Connection }, table: string): Promise<() => Promise<void>> {
  const { socketPath, user, password, database } = connection;
  const sql = await mysql.createConnection({ socketPath: socketPath ?? "", user, password, database });
  onTestFinished(() => sql.destroy());
  await sql.query(`LOCK TABLES \`${table}\` WRITE`);
  return () => sql.end();
}
