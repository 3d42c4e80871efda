import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { runBackup } from "../../server/engine/backup.ts";
import { storedDump } from "../../server/engine/database/stored-dump.ts";
import { findTools } from "../../server/engine/database/tools.ts";
import { localStorage } from "../../server/engine/storage/local.ts";
import type { Storage } from "../../server/engine/storage/storage.ts";
import { aboutBackup } from "../support/about.ts";
import type { Workplace } from "./workplace.ts";

/** What reading one of fifty tables out of a stored backup takes, in stored bytes. */
export interface OneTable {
  readonly tables: number;
  /** All that was read from the storage, the head of the dump included. */
  readonly read: number;
  /** The table's own stored bytes. */
  readonly own: number;
  readonly stored: number;
  readonly seconds: number;
}

const tables = 50;

/** Backs up a database of fifty tables of equal size, `megabytes` of rows in all, and reads one table back. */
export async function oneTable({ folder, server }: Workplace, megabytes: number, signal: AbortSignal): Promise<OneTable> {
  const { socketPath, user, password } = server;
  const sql = await server.connect();
  await sql.query("CREATE DATABASE fifty; USE fifty");
  const rows = Math.ceil((megabytes * 1e6) / tables / 110);
  for (let table = 0; table < tables; table += 1) {
    await sql.query(`CREATE TABLE table_${table} (id int PRIMARY KEY, word varchar(40), hash char(64))`);
    await sql.query(
      `INSERT INTO table_${table} SELECT seq, CONCAT('row ', seq, ' of ', ${table}), SHA2(CONCAT(${table}, seq), 256) FROM seq_1_to_${rows}`,
    );
  }
  const root = join(folder, "fifty");
  await mkdir(root);
  const storage = localStorage(root);
  const manifest = await runBackup(
    {
      storage,
      folder: "backup",
      packing: { compression: "ZSTD", level: 3 },
      database: {
        connection: { host: "localhost", port: 0, user, password, database: "fifty", socketPath, tls: false },
        tools: await findTools(null),
        ratio: null,
      },
      media: null,
      about: aboutBackup({ name: "Fifty", trigger: "CLI" }),
      now: () => new Date(),
    },
    { signal, say: () => {}, report: () => {} },
  );
  let read = 0;
  const counting: Storage = {
    ...storage,
    async get(name, range) {
      const bytes = await storage.get(name, range);
      return bytes.on("data", (piece: Buffer) => (read += piece.length)).pause();
    },
  };
  const started = performance.now();
  for await (const _piece of storedDump(counting, "backup", manifest).open(["table_25"], signal)) signal.throwIfAborted();
  const seconds = (performance.now() - started) / 1000;
  await sql.query("DROP DATABASE fifty");
  await sql.end();
  await rm(root, { recursive: true });
  const own = manifest.database?.sections?.find(({ table }) => table === "table_25")?.storedSize ?? Number.NaN;
  return { tables, read, own, stored: manifest.artifacts[0]?.storedSize ?? Number.NaN, seconds };
}
