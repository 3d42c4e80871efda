import { fork } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { join } from "node:path";
import { Agenda, type JobNotification, type JobParameters, toJobId } from "agenda";
import { drizzle } from "drizzle-orm/mysql2";
import mysql from "mysql2/promise";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { InProcessNotificationChannel } from "../../../server/jobs/backend/in-process-channel.ts";
import { MysqlBackend } from "../../../server/jobs/backend/mysql-backend.ts";
import * as schema from "../../../server/jobs/backend/schema.ts";
import { agendaBackendContract, job } from "../../contracts/agenda-backend.ts";
import { freshDatabase } from "../../support/shared-server.ts";

type Database = Awaited<ReturnType<typeof freshDatabase>>;

const optionsOf = ({ name, connection }: Database): mysql.PoolOptions => {
  const { socketPath, user, password } = connection;
  return { socketPath: socketPath ?? "", user, password, database: name, connectionLimit: 5 };
};

agendaBackendContract("MariaDB", async () => {
  const database = await freshDatabase("agenda");
  const pools: mysql.Pool[] = [];
  return {
    async connect(workers) {
      const pool = mysql.createPool(optionsOf(database));
      // Each process in a time zone of its own: what is kept is UTC all the same.
      const zone = pools.push(pool) % 2 ? "-09:30" : "+05:45";
      pool.pool.on("connection", (connection) => void connection.query("SET time_zone = ?", [zone]));
      const backend = new MysqlBackend(pool, { ensureSchema: true, ...(workers === undefined ? {} : { notificationChannel: workers }) });
      await backend.connect();
      return backend;
    },
    async close() {
      await Promise.all(pools.map((pool) => pool.end()));
      await database[Symbol.asyncDispose]();
    },
  };
});

describe("the MySQL backend", () => {
  let database: Database;
  let pool: mysql.Pool;
  let backend: MysqlBackend;
  beforeAll(async () => {
    database = await freshDatabase("agenda");
    pool = mysql.createPool(optionsOf(database));
    backend = new MysqlBackend(pool, { ensureSchema: true });
    await backend.connect();
  });
  beforeEach(() => backend.repository.purgeAllJobs());
  afterAll(async () => {
    await pool.end();
    await database[Symbol.asyncDispose]();
  });

  /** A job that a worker holds which was killed, as it lies there then. */
  async function heldByKilled() {
    const saved = await backend.repository.saveJob(job("fragile"), undefined);
    const node = join(import.meta.dirname, "../../../node_modules/.bin/node");
    const worker = fork(join(import.meta.dirname, "crashing-worker.ts"), { execPath: node, execArgv: [], stdio: "ignore" });
    worker.send(optionsOf(database));
    await once(worker, "message");
    worker.kill("SIGKILL");
    await once(worker, "exit");
    const read = () => backend.repository.getJobById(String(saved._id));
    return { held: await read(), read };
  }

  it("runs a job again whose worker was killed", async () => {
    const { held, read } = await heldByKilled();
    expect(held).toMatchObject({ lockedAt: expect.any(Date), nextRunAt: null, lastModifiedBy: "doomed" });
    const agenda = new Agenda({ backend, name: "heir", processEvery: 100 });
    agenda.define("fragile", async () => undefined, { lockLifetime: 1500 });
    await agenda.start();
    await once(agenda, "success:fragile");
    // The event comes before the end is written down.
    await agenda.drain();
    const done = await read();
    expect(done?.lastRunAt?.getTime()).toBeGreaterThanOrEqual((held?.lockedAt?.getTime() ?? Number.NaN) + 1500);
    expect(done).toMatchObject({ lockedAt: undefined, lastModifiedBy: "heir" });
  });

  it("runs it at once where its worker is known to be gone, and leaves the jobs of others alone", async () => {
    const { held, read } = await heldByKilled();
    await backend.releaseJobsOf((name) => name !== "doomed");
    expect(await read()).toEqual(held);
    await backend.releaseJobsOf((name) => name === "doomed");
    const agenda = new Agenda({ backend, name: "heir", processEvery: 100 });
    agenda.define("fragile", async () => undefined, { lockLifetime: 3_600_000 });
    await agenda.start();
    await once(agenda, "success:fragile");
    // The event comes before the end is written down.
    await agenda.drain();
    expect(await read()).toMatchObject({ lockedAt: undefined, lastModifiedBy: "heir" });
  });

  it("makes way for a new job where an ended one was left, and only there", async () => {
    const ended = await backend.repository.saveJob(job("once", { data: { id: "a" } }), undefined);
    await backend.repository.saveJobState({ ...ended, nextRunAt: null, lastFinishedAt: new Date() }, undefined);
    const other = await backend.repository.saveJob(job("once", { data: { id: "b" }, nextRunAt: new Date() }), undefined);
    await backend.removeEnded("once", { id: "a" });
    await backend.removeEnded("once", { id: "b" });
    const { jobs } = await backend.repository.queryJobs({ name: "once" });
    expect(jobs.map(({ _id }) => _id)).toEqual([other._id]);
  });

  it("stands on a Drizzle database of any schema and casing, and finds its tables there", async () => {
    const db = drizzle({ client: pool, schema: { renamed: schema.agendaLogs }, mode: "default", casing: "camelCase" });
    const other = new MysqlBackend(db, { ensureSchema: true, notificationChannel: false });
    await other.connect();
    const saved = await other.repository.saveJob(job("shared", { unique: { name: "shared" } }), undefined);
    expect(await backend.repository.getJobById(String(saved._id))).toEqual(saved);
    expect([other.notificationChannel, other.ownsConnection]).toEqual([undefined, false]);
  });

  it("says that it cannot connect where that can be caught", async () => {
    const nowhere = mysql.createPool({ socketPath: "/nowhere/mysqld.sock" });
    await expect(new MysqlBackend(nowhere).connect()).rejects.toMatchObject({ cause: { code: "ENOENT" } });
    await nowhere.end();
  });

  it("leaves the caller's pool open when an Agenda stops", async () => {
    const agenda = new Agenda({ backend });
    await agenda.start();
    await agenda.stop();
    expect(await backend.repository.getQueueSize()).toBe(0);
  });

  it("counts and saves the same on a pool that counts changed rows only", async () => {
    const counting = mysql.createPool({ ...optionsOf(database), flags: ["-FOUND_ROWS"] });
    const { repository } = new MysqlBackend(counting);
    const saved = await repository.saveJob(job("same"), undefined);
    await repository.saveJobState(saved, undefined);
    await repository.saveJobState(saved, undefined);
    expect([await repository.disableJobs({ name: "same" }), await repository.disableJobs({ name: "same" })]).toEqual([1, 0]);
    await repository.purgeAllJobs();
    await expect(repository.saveJobState(saved, undefined)).rejects.toThrow("not in the database any more");
    await counting.end();
  });

  it("neither waits for jobs that another transaction holds nor stops at them", async () => {
    for (let data = 1; data <= 25; data += 1) await backend.repository.saveJob(job("held", { data, nextRunAt: new Date(0) }), undefined);
    await database.sql.query("BEGIN");
    await database.sql.query("SELECT id FROM agenda_jobs FORCE INDEX (PRIMARY) ORDER BY id LIMIT 24 FOR UPDATE");
    const next = () => backend.repository.getNextJobToRun("held", new Date(), new Date(0), undefined, undefined);
    expect([(await next())?.data, await next()]).toEqual([25, undefined]);
    await database.sql.query("ROLLBACK");
    expect((await next())?.data).toBe(1);
  });

  it("tries again when the server gives it up in a deadlock", async () => {
    const ids: JobParameters["_id"][] = [];
    for (const name of ["a", "b"]) ids.push((await backend.repository.saveJob(job(name), undefined))._id);
    const rival = database.sql;
    const lock = (id: unknown) => rival.query("SELECT id FROM agenda_jobs WHERE id = ? FOR UPDATE", [id]);
    await rival.query("BEGIN");
    // The server gives up whoever has changed less.
    const entries = Array.from({ length: 50 }, () => [new Date(), "info", "start", "x", "x"]);
    await rival.query("INSERT INTO agenda_logs (timestamp, level, event, job_name, message) VALUES ?", [entries]);
    await lock(ids[1]);
    const removed = backend.repository.removeJobs({ ids: ids.map(String) });
    const waiting =
      "SELECT 1 FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT' AND trx_query LIKE 'delete from `agenda_jobs`%'";
    // The server renews this view only when nobody has read it for 100 ms.
    const interval = 150;
    await vi.waitFor(async () => expect((await pool.query<mysql.RowDataPacket[]>(waiting))[0]).toHaveLength(1), {
      timeout: 10_000,
      interval,
    });
    await lock(ids[0]);
    await rival.query("ROLLBACK");
    expect(await removed).toBe(2);
  });
});

describe("channels on one hub", () => {
  const notification: JobNotification = { jobId: toJobId("1"), jobName: "a", nextRunAt: null, priority: 0, timestamp: new Date() };

  it("hear each other, and go on when one of them is gone", async () => {
    const hub = new EventEmitter();
    const [left, right, third] = [1, 2, 3].map(() => new InProcessNotificationChannel(hub)) as [
      InProcessNotificationChannel,
      InProcessNotificationChannel,
      InProcessNotificationChannel,
    ];
    for (const channel of [left, right, third]) await channel.connect();
    const heard: string[] = [];
    right.subscribe(() => void heard.push("right"));
    third.subscribe(() => void heard.push("third"));
    await left.publish(notification);
    await third.disconnect();
    await left.publish(notification);
    expect(heard).toEqual(["right", "third", "right"]);
    expect(hub.listenerCount("job")).toBe(2);
  });
});
