import { setTimeout as sleep } from "node:timers/promises";
import type { Connection, RowDataPacket } from "mysql2/promise";
import type { Connection as Target } from "../../server/domain/connection.ts";
import { cpuSeconds } from "./cpu.ts";
import type { Sample } from "./measure.ts";
import type { Workplace } from "./workplace.ts";

/** What a database holds, so that two can be compared: each table's rows and checksum, and how many there are of all else. */
export type Sums = Readonly<Record<string, string>>;

/** How the engine reaches a database of the workplace's server, as root. */
export function connectionTo({ server: { socketPath, user, password } }: Pick<Workplace, "server">, database: string): Target {
  return { host: "localhost", port: 0, user, password, database, socketPath, tls: false };
}

export async function sumsOf(sql: Connection, database: string): Promise<Sums> {
  const sums: Record<string, string> = {};
  const name = sql.escapeId(database);
  const [tables] = await sql.query<RowDataPacket[]>(
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = ? AND table_type = 'BASE TABLE' ORDER BY table_name",
    [database],
  );
  for (const table of tables) {
    const full = `${name}.${sql.escapeId(table.name)}`;
    const [[counted]] = await sql.query<RowDataPacket[]>(`SELECT COUNT(*) AS count FROM ${full}`);
    const [[checked]] = await sql.query<RowDataPacket[]>(`CHECKSUM TABLE ${full}`);
    sums[table.name] = `${counted?.count} rows, checksum ${checked?.Checksum}`;
  }
  for (const [what, from] of Object.entries(definitions)) {
    const [[found]] = await sql.query<RowDataPacket[]>(`SELECT COUNT(*) AS count FROM information_schema.${from} = ?`, [database]);
    sums[`(${what})`] = String(found?.count);
  }
  return sums;
}

const definitions = {
  views: "views WHERE table_schema",
  triggers: "triggers WHERE trigger_schema",
  routines: "routines WHERE routine_schema",
  events: "events WHERE event_schema",
  "columns of keys": "statistics WHERE table_schema",
  "foreign keys": "referential_constraints WHERE constraint_schema",
};

/** Rejects with what differs from the original. */
export function demandEqual(original: Sums, copy: Sums, whose: string): void {
  const names = new Set([...Object.keys(original), ...Object.keys(copy)]);
  const other = [...names].filter((name) => original[name] !== copy[name]);
  const first = other.slice(0, 3).map((name) => `${name}: ${original[name] ?? "not there"}, now ${copy[name] ?? "not there"}`);
  if (other.length) throw new Error(`${whose} is not equal to the original in ${other.length} of ${names.size}. ${first.join(". ")}`);
}

/** A database of this name that is there and empty. */
export async function empty(sql: Connection, database: string): Promise<void> {
  await sql.query(`DROP DATABASE IF EXISTS ${sql.escapeId(database)}`);
  await sql.query(`CREATE DATABASE ${sql.escapeId(database)} CHARACTER SET utf8mb4`);
}

/** Has the server write all that it still holds in memory, so that nobody's measuring pays for what was before; its binary logs go. */
export async function settle(sql: Connection, signal?: AbortSignal): Promise<void> {
  const [[before]] = await sql.query<RowDataPacket[]>("SELECT @@innodb_max_dirty_pages_pct AS most, @@log_bin AS logs");
  await sql.query("SET GLOBAL innodb_max_dirty_pages_pct = 0");
  for (let dirty = Number.POSITIVE_INFINITY; dirty > 200; await sleep(200, undefined, { signal })) {
    const [rows] = await sql.query<RowDataPacket[]>("SHOW GLOBAL STATUS LIKE 'Innodb_buffer_pool_pages_dirty'");
    dirty = Number(rows[0]?.Value);
  }
  await sql.query("SET GLOBAL innodb_max_dirty_pages_pct = ?", [before?.most]);
  if (before?.logs) await sql.query("RESET MASTER");
}

/** The same sample with the CPU that the database server took meanwhile. */
export async function withServer<S extends Pick<Sample, "extra">>(
  { server }: Pick<Workplace, "server">,
  run: () => Promise<S>,
): Promise<S> {
  const before = await cpuSeconds(server.pid, "own");
  const sample = await run();
  return { ...sample, extra: { ...sample.extra, serverSeconds: (await cpuSeconds(server.pid, "own")) - before } };
}
