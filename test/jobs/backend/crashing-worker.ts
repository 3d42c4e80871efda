import { Agenda } from "agenda";
import mysql from "mysql2/promise";
import { MysqlBackend } from "../../../server/jobs/backend/mysql-backend.ts";

/** A worker in a process of its own: takes the pool's options as a message, runs the job "fragile" and says so, and never ends it. */
process.once("message", async (options: mysql.PoolOptions) => {
  const backend = new MysqlBackend(mysql.createPool(options));
  await backend.connect();
  const agenda = new Agenda({ backend, name: "doomed", processEvery: 100 });
  agenda.define("fragile", () => new Promise<void>(() => process.send?.("running")));
  await agenda.start();
});
