import { randomBytes } from "node:crypto";
import mysql from "mysql2/promise";
import { inject } from "vitest";
import type { TestProject } from "vitest/node";
import type { Connection } from "../../server/domain/connection.ts";
import { startMariadb, type TestServer } from "./mariadb.ts";

declare module "vitest" {
  export interface ProvidedContext {
    mariadb: { socketPath: string; port: number; password: string };
  }
}

/** Vitest's global set-up: one MariaDB for the whole run, for every test that does not break its server. */
export default async function setup(project: TestProject) {
  const server: TestServer = await startMariadb(["--event-scheduler=OFF"]);
  project.provide("mariadb", { socketPath: server.socketPath, port: server.port, password: server.password });
  return () => server.stop();
}

/** How the shared server's root reaches `database`. */
export function sharedConnection(database: string): Connection {
  const { socketPath, password } = inject("mariadb");
  return { host: "localhost", port: 3306, user: "root", password, database, socketPath, tls: false };
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
