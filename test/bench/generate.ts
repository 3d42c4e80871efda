import { Readable } from "node:stream";
import type { Connection } from "mysql2/promise";
import { type Table, tables } from "./rows.ts";

export const databaseName = "shop";

/** Makes the database `shop` with about `megabytes` of dump text. Roughly a minute for 1,000. */
export async function generate(sql: Connection, megabytes: number, signal: AbortSignal, say: (line: string) => void): Promise<void> {
  await sql.query(`CREATE DATABASE ${databaseName} CHARACTER SET utf8mb4`);
  await sql.changeUser({ database: databaseName });
  await sql.query("SET unique_checks = 0, foreign_key_checks = 0");
  for (const table of tables()) {
    signal.throwIfAborted();
    await sql.query(`CREATE TABLE ${table.name} (${table.columns}) ENGINE=InnoDB`);
    const started = performance.now();
    await load(sql, table, table.share * megabytes * 1.05e6, signal);
    say(`${table.name}: ${((performance.now() - started) / 1000).toFixed(1)} s`);
  }
  for (const program of programs) await sql.query(program);
}

async function load(sql: Connection, table: Table, bytes: number, signal: AbortSignal): Promise<void> {
  const rows = Readable.from(chunks(table, bytes, signal));
  await sql.query({ sql: `LOAD DATA LOCAL INFILE 'rows' INTO TABLE ${table.name} ${table.load ?? ""}`, infileStreamFactory: () => rows });
}

/** Rows until their dump would take `bytes`, in pieces that are worth a system call. */
function* chunks({ row, overhead }: Table, bytes: number, signal: AbortSignal): Generator<Buffer> {
  let piece = "";
  for (let id = 1, sum = 0; sum < bytes; id += 1) {
    const line = row(id);
    sum += line.length + overhead;
    piece += `${line}\n`;
    if (piece.length > 100_000) {
      signal.throwIfAborted();
      yield Buffer.from(piece);
      piece = "";
    }
  }
  yield Buffer.from(piece);
}

const programs = [
  "ALTER TABLE order_items ADD CONSTRAINT item_of_order FOREIGN KEY (order_id) REFERENCES orders (id), ALGORITHM=INPLACE",
  "CREATE VIEW spending AS SELECT customer_id, SUM(total) AS spent FROM orders GROUP BY customer_id",
  "CREATE TRIGGER event_kind BEFORE INSERT ON events FOR EACH ROW SET NEW.kind = LOWER(NEW.kind)",
  "CREATE FUNCTION spent(customer BIGINT UNSIGNED) RETURNS DECIMAL(12,2) READS SQL DATA RETURN (SELECT SUM(total) FROM orders WHERE customer_id = customer)",
  "CREATE PROCEDURE forget(IN customer BIGINT UNSIGNED) DELETE FROM events WHERE customer_id = customer",
  "CREATE EVENT tidy ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 03:00:00' DO DELETE FROM events WHERE happened_at < NOW() - INTERVAL 10 YEAR",
];
