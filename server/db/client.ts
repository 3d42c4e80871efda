import type { MySqlDatabase } from "drizzle-orm/mysql-core";
import { drizzle, type MySql2PreparedQueryHKT, type MySql2QueryResultHKT } from "drizzle-orm/mysql2";
import mysql from "mysql2/promise";
import { retryDeadlock } from "./deadlock.ts";
import * as schema from "./schema/index.ts";

/** The catalog, or a transaction on it. */
export type Db = MySqlDatabase<MySql2QueryResultHKT, MySql2PreparedQueryHKT, typeof schema>;

/** Where the catalog is: a URL from the settings, or the embedded server's socket. */
export type CatalogAddress = { readonly url: string } | { readonly socketPath: string; readonly user: string; readonly database: string };

/** The catalog's connections. Nothing is opened until the first query. */
export interface Catalog {
  readonly db: Db;
  readonly pool: mysql.Pool;
  close(): Promise<void>;
}

/**
 * Opens the catalog's pool: UTC, utf8mb4, strict mode, whatever the server's defaults are.
 *
 * Any write may be given up by the server for another's sake: a statement, or a transaction as a whole, is then done again
 * here. What a transaction does may so run several times; it must leave nothing behind but what it writes in the transaction.
 */
export function openCatalog(address: CatalogAddress): Catalog {
  const pool = mysql.createPool({
    ...("url" in address ? { uri: address.url } : address),
    connectionLimit: 10,
    timezone: "Z",
    charset: "utf8mb4_unicode_ci",
    supportBigNumbers: true,
    connectTimeout: 10_000,
  });
  // The pool hands connections out in order of its queue, so this runs before a new connection's first query.
  pool.pool.on("connection", (connection) => {
    connection.query("SET time_zone = '+00:00', sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO'");
  });
  const query = pool.query.bind(pool) as (...given: unknown[]) => Promise<never>;
  pool.query = (...given: unknown[]) => retryDeadlock(() => query(...given));
  const db: Db = drizzle(pool, { schema, mode: "default", casing: "snake_case" });
  const transaction = db.transaction.bind(db);
  db.transaction = (work, config) => retryDeadlock(() => transaction(work, config));
  return { db, pool, close: () => pool.end() };
}
