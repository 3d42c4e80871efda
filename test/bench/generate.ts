import { createWriteStream } from "node:fs";
import { copyFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Connection, RowDataPacket } from "mysql2/promise";
import { settle } from "./database.ts";
import { type Table, tables } from "./rows.ts";

export const databaseName = "shop";

/** What `generate` needs: a connection as root, a folder for a while, and about how much dump text to make. */
export interface Wish {
  readonly sql: Connection;
  readonly folder: string;
  readonly megabytes: number;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** More than this is made by copying tables, which is far quicker than making and loading their rows. */
const mostMade = 1000;

/** Makes the database `shop`. A minute or two for 1,000 MB on two cores that have nothing else to do, and one for each 2,000 more. */
export async function generate({ sql, folder, megabytes, signal, say }: Wish): Promise<void> {
  const times = Math.ceil(megabytes / mostMade);
  await sql.query(`CREATE DATABASE ${databaseName} CHARACTER SET utf8mb4`);
  await sql.changeUser({ database: databaseName });
  await sql.query("SET unique_checks = 0, foreign_key_checks = 0, sql_log_bin = 0");
  // While the server loads one table, the rows of the next are made.
  let loaded = Promise.resolve();
  try {
    const made = new Map<string, number>();
    for (const table of tables(made)) {
      const file = join(folder, `${table.name}.rows`);
      const rows = chunks(table, (table.share * megabytes * 1.05e6) / times, (count) => made.set(table.name, count));
      await Promise.all([loaded, pipeline(rows, createWriteStream(file), { signal })]);
      loaded = load(sql, table, file).then(() => say(`Made ${table.name}.`));
    }
  } finally {
    await loaded;
  }
  for (const { name } of times > 1 ? tables(new Map()) : []) {
    await copyTable(sql, name, times);
    say(`Copied ${name}.`);
  }
  for (const program of programs) await sql.query(program);
  await settle(sql, signal);
}

async function load(sql: Connection, table: Table, file: string): Promise<void> {
  await sql.query(`CREATE TABLE ${table.name} (${table.columns}) ENGINE=InnoDB`);
  await sql.query(`LOAD DATA INFILE ? INTO TABLE ${table.name} ${table.load ?? ""}`, [file]);
  await rm(file);
}

/**
 * Makes `events_2`, `events_3` and so on of `events`, by the file that holds it: https://mariadb.com/kb/en/innodb-file-per-table-tablespaces/
 */
async function copyTable(sql: Connection, name: string, times: number): Promise<void> {
  const copies = Array.from({ length: times - 1 }, (_, at) => `${name}_${at + 2}`);
  const [[server]] = await sql.query<RowDataPacket[]>("SELECT @@datadir AS folder");
  const fileOf = (table: string, ending: string) => join(server?.folder, databaseName, `${table}.${ending}`);
  for (const copy of copies) {
    await sql.query(`CREATE TABLE ${copy} LIKE ${name}`);
    await sql.query(`ALTER TABLE ${copy} DISCARD TABLESPACE`);
  }
  await sql.query(`FLUSH TABLES ${name} FOR EXPORT`);
  for (const copy of copies) for (const ending of ["cfg", "ibd"]) await copyFile(fileOf(name, ending), fileOf(copy, ending));
  await sql.query("UNLOCK TABLES");
  for (const copy of copies) await sql.query(`ALTER TABLE ${copy} IMPORT TABLESPACE`);
}

/** Rows until their dump would take `bytes`, in pieces that are worth a system call; `made` is told how many. */
function* chunks({ row, overhead }: Table, bytes: number, made: (count: number) => void): Generator<Buffer> {
  let piece = "";
  let id = 0;
  for (let sum = 0; sum < bytes; ) {
    id += 1;
    const line = row(id);
    sum += line.length + overhead;
    piece += `${line}\n`;
    if (piece.length > 100_000) {
      yield Buffer.from(piece);
      piece = "";
    }
  }
  made(id);
  yield Buffer.from(piece);
}

const programs = [
  "ALTER TABLE products ADD FULLTEXT KEY words (name, description)",
  "ALTER TABLE product_images ADD CONSTRAINT image_of_product FOREIGN KEY (product_id) REFERENCES products (id), ALGORITHM=INPLACE",
  "ALTER TABLE orders ADD CONSTRAINT order_of_customer FOREIGN KEY (customer_id) REFERENCES customers (id), ALGORITHM=INPLACE",
  "ALTER TABLE order_items ADD CONSTRAINT item_of_order FOREIGN KEY (order_id) REFERENCES orders (id), ALGORITHM=INPLACE",
  "ALTER TABLE order_items ADD CONSTRAINT item_of_product FOREIGN KEY (product_id) REFERENCES products (id), ALGORITHM=INPLACE",
  "ALTER TABLE reviews ADD CONSTRAINT review_of_product FOREIGN KEY (product_id) REFERENCES products (id), ALGORITHM=INPLACE",
  "CREATE VIEW spending AS SELECT customer_id, SUM(total) AS spent FROM orders GROUP BY customer_id",
  "CREATE TRIGGER event_kind BEFORE INSERT ON events FOR EACH ROW SET NEW.kind = LOWER(NEW.kind)",
  "CREATE FUNCTION spent(customer BIGINT UNSIGNED) RETURNS DECIMAL(12,2) READS SQL DATA RETURN (SELECT SUM(total) FROM orders WHERE customer_id = customer)",
  "CREATE PROCEDURE forget(IN customer BIGINT UNSIGNED) DELETE FROM events WHERE customer_id = customer",
  "CREATE EVENT tidy ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 03:00:00' DO DELETE FROM events WHERE happened_at < NOW() - INTERVAL 10 YEAR",
];
