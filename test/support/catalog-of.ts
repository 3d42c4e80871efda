import { execFile } from "node:child_process";
import { promisify } from "node:util";
import mysql, { type RowDataPacket } from "mysql2/promise";
import type { Holdfast } from "./holdfast.ts";
import { sharedConnection } from "./shared-server.ts";

/** The catalog of a server on the run's shared MariaDB, looked at and done things to from outside. */
export function catalogOf(holdfast: Pick<Holdfast, "env">) {
  const url = holdfast.env.HOLDFAST_DATABASE_URL ?? "";
  const name = new URL(url).pathname.slice(1);
  const { socketPath, password } = sharedConnection("");
  const programs = { env: { PATH: process.env.PATH ?? "", MYSQL_PWD: password }, maxBuffer: 256 * 1024 * 1024 };
  const account = ["--no-defaults", `--socket=${socketPath}`, "--user=root"];
  async function query<T>(sql: string, values: unknown[] = []): Promise<T[]> {
    const connection = await mysql.createConnection({ uri: url, timezone: "Z", multipleStatements: true });
    try {
      const [rows] = await connection.query<RowDataPacket[]>(sql, values);
      return rows as T[];
    } finally {
      await connection.end();
    }
  }
  return {
    query,
    /** Loses everything. */
    drop: () => query(`DROP DATABASE ${name}; CREATE DATABASE ${name}`),
    /** All of it, as text. */
    dump: async () => (await promisify(execFile)("mariadb-dump", [...account, name], programs)).stdout,
    /** What `dump` gave, in the place of what is there. */
    async load(text: string): Promise<void> {
      await query(`DROP DATABASE ${name}; CREATE DATABASE ${name}`);
      await query(text.replaceAll(/^\/\*M?!999999.*$/gm, ""));
    },
  };
}
