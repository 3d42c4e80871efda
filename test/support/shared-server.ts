import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { promisify } from "node:util";
import mysql from "mysql2/promise";
import { inject } from "vitest";
import type { TestProject } from "vitest/node";
import { openCatalog } from "../../server/db/client.ts";
import { migrate } from "../../server/db/migrate.ts";
import type { Connection } from "../../server/domain/connection.ts";
import { startMariadb, type TestServer } from "./mariadb.ts";

declare module "vitest" {
  export interface ProvidedContext {
    mariadb: { socketPath: string; port: number; password: string };
    /** The empty catalog of this release, as SQL. */
    catalog: string;
  }
}

/** Vitest's global set-up: one MariaDB for the whole run, for every test that does not break its server. */
export default async function setup(project: TestProject) {
  const server: TestServer = await startMariadb(["--event-scheduler=OFF"]);
  project.provide("mariadb", { socketPath: server.socketPath, port: server.port, password: server.password });
  project.provide("catalog", await emptyCatalog(server));
  return () => server.stop();
}

/** What the migrations make of an empty database: read once in a run, for all tests that begin on a catalog that is up to date. */
async function emptyCatalog({ socketPath, user, password, connect }: TestServer): Promise<string> {
  const database = "empty_catalog";
  const sql = await connect();
  await sql.query(`CREATE DATABASE ${database}`);
  await sql.end();
  const address = { socketPath, user, password, database };
  const catalog = openCatalog(address);
  await migrate(catalog.pool, resolve(import.meta.dirname, "../../drizzle"));
  await catalog.close();
  const account = ["--no-defaults", `--socket=${socketPath}`, `--user=${user}`];
  const options = ["--skip-add-locks", "--skip-disable-keys", "--skip-comments"];
  const env = { PATH: process.env.PATH ?? "", MYSQL_PWD: password };
  const { stdout } = await promisify(execFile)("mariadb-dump", [...account, ...options, database], { env });
  // The client program alone knows this line.
  return stdout.replaceAll(/^\/\*M?!999999.*$/gm, "");
}

/** How the shared server's root reaches `database`. */
export function sharedConnection(database: string): Connection {
  const { socketPath, password } = inject("mariadb");
  return { host: "localhost", port: 3306, user: "root", password, database, socketPath, tls: false };
}

/** A new catalog that is up to date, on the shared server; dropped and ended by `await using`. */
export async function migratedDatabase() {
  const database = await freshDatabase("catalog");
  await database.sql.query(inject("catalog"));
  return database;
}

/** A new empty database on the shared server, with a connection to it; dropped and ended by `await using`. */
export async function freshDatabase(prefix = "test") {
  const name = `${prefix}_${randomBytes(5).toString("hex")}`;
  const connection = sharedConnection(name);
  const sql = await mysql.createConnection({
    socketPath: connection.socketPath ?? "",
    user: "root",
    password: connection.password,
    multipleStatements: true,
  });
  await sql.query(`CREATE DATABASE \`${name}\` CHARACTER SET utf8mb4`);
  await sql.changeUser({ database: name });
  return {
    name,
    connection,
    sql,
    async [Symbol.asyncDispose]() {
      await sql.query(`DROP DATABASE IF EXISTS \`${name}\``);
      await sql.end();
    },
  };
}
