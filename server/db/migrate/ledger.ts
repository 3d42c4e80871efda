import type { PoolConnection, RowDataPacket } from "mysql2/promise";
import type { Migration } from "./folder.ts";

/** How far one migration has come in this catalog. */
export interface Entry {
  readonly tag: string;
  readonly hash: string;
  /** Statements that are known to be applied. */
  readonly done: number;
  /** The statement that was begun and of which nobody wrote the end down; null when there is none. */
  readonly attempted: number | null;
  readonly finished: boolean;
}

/** Not one of drizzle's tables: its own record knows only whole migrations, and MySQL commits each statement of a schema by itself. */
const table = "holdfast_migrations";

export async function readLedger(connection: PoolConnection): Promise<readonly Entry[]> {
  await connection.query(
    `CREATE TABLE IF NOT EXISTS ${table} (
      tag VARCHAR(190) NOT NULL PRIMARY KEY,
      hash CHAR(64) NOT NULL,
      done INT NOT NULL DEFAULT 0,
      attempted INT NULL,
      started_at DATETIME(3) NOT NULL,
      finished_at DATETIME(3) NULL
    ) CHARACTER SET utf8mb4`,
  );
  const [rows] = await connection.query<RowDataPacket[]>(`SELECT tag, hash, done, attempted, finished_at FROM ${table}`);
  return rows.map(({ tag, hash, done, attempted, finished_at }) => ({ tag, hash, done, attempted, finished: finished_at !== null }));
}

export const beginMigration = (connection: PoolConnection, { tag, hash }: Migration) =>
  connection.query(`INSERT IGNORE INTO ${table} (tag, hash, started_at) VALUES (?, ?, UTC_TIMESTAMP(3))`, [tag, hash]);

/** The statement with this number is about to run, or with null: none is. */
export const recordAttempt = (connection: PoolConnection, { tag }: Migration, attempted: number | null) =>
  connection.query(`UPDATE ${table} SET attempted = ? WHERE tag = ?`, [attempted, tag]);

export const recordDone = (connection: PoolConnection, { tag }: Migration, done: number) =>
  connection.query(`UPDATE ${table} SET done = ?, attempted = NULL WHERE tag = ?`, [done, tag]);

export const finishMigration = (connection: PoolConnection, { tag }: Migration) =>
  connection.query(`UPDATE ${table} SET finished_at = UTC_TIMESTAMP(3) WHERE tag = ?`, [tag]);
