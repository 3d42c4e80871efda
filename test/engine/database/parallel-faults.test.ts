import { execFile } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { RowDataPacket, Connection as Session } from "mysql2/promise";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Connection } from "../../../server/domain/connection.ts";
import { Failure } from "../../../server/domain/errors.ts";
import { openDump } from "../../../server/engine/database/dump.ts";
import type { DumpRequest } from "../../../server/engine/database/dump-request.ts";
import { findTools } from "../../../server/engine/database/tools.ts";
import { freshAccount } from "../../support/accounts.ts";
import { startMariadb, type TestServer } from "../../support/mariadb.ts";
import { restoreStock, takeParallel } from "../../support/parallel-dump.ts";

const tools = await findTools(null);
const limits = { threads: 2, bytesPerSecond: null, lowPriority: false };
const readRights = ["SELECT, SHOW VIEW, TRIGGER, EVENT ON shop.*", "SELECT ON mysql.proc"];

let server: TestServer;
let sql: Session;
let connection: Connection;
beforeAll(async () => {
  server = await startMariadb(["--log-bin=binlog", "--server-id=1", "--innodb-flush-method=nosync"]);
  sql = await server.connect();
  // For all further connections quotes and backslashes mean something else, which a dump must not care about.
  await sql.query("SET GLOBAL sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES'");
  await sql.query("CREATE DATABASE shop; CREATE DATABASE restored; USE shop");
  // Far more than the pipes and the frames on their way hold, so that whoever does not read on holds the dump up in this table.
  await sql.query(
    "CREATE TABLE a_large (id int PRIMARY KEY, v varchar(900)); INSERT INTO a_large SELECT seq, REPEAT(x'785C27', 300) FROM seq_1_to_42000; ANALYZE TABLE a_large",
  );
  connection = {
    ...{ host: "localhost", port: 0, user: "root", password: server.password, database: "shop" },
    socketPath: server.socketPath,
    tls: false,
  };
});
afterAll(async () => {
  sql?.destroy();
  await server?.stop();
});
beforeEach(async () => {
  // What the test before this one made fail is still ending.
  await expect.poll(childPid, { timeout: 10_000 }).toBeNaN();
  await sql.query("DROP TABLE IF EXISTS b; CREATE TABLE b (id int PRIMARY KEY, v int); INSERT INTO b VALUES (1, 1), (2, 2)");
  before = await connections();
});

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const failure = await work.then(
    () => null,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(Failure);
  return failure as Failure;
}

/** A dump that is held up in its large table, behind the structure and before the small tables. */
async function heldUp(options: Partial<DumpRequest> = {}) {
  const reader = await openDump({
    ...{ connection, tools, packing: { compression: "NONE", level: 0 }, engine: "PARALLEL", limits },
    ...{ signal: new AbortController().signal, say: () => {}, ...options },
  });
  await once(reader.bytes, "readable");
  expect(reader.bytes.read()).not.toBeNull();
  return { ...reader, rest: () => Promise.all([buffer(reader.bytes), reader.done]) };
}

async function childPid(): Promise<number> {
  const { stdout } = await promisify(execFile)("ps", ["-o", "pid=,args=", "--ppid", String(process.pid)]);
  const line = stdout.split("\n").find((text) => text.includes("parallel-child"));
  return Number(line?.trim().split(" ")[0]);
}

const exists = (pid: number) =>
  readFile(`/proc/${pid}/stat`).then(
    () => true,
    () => false,
  );

let before: number[] = [];
async function connections(): Promise<number[]> {
  const [rows] = await sql.query<RowDataPacket[]>("SELECT ID AS id FROM information_schema.PROCESSLIST");
  return rows.map(({ id }) => Number(id));
}

/** The connections of the dump that runs: all that were not there before the test. */
const readers = async () => (await connections()).filter((id) => !before.includes(id));

describe("a parallel dump fails, and says why, when", () => {
  it.each([
    ["a table is altered before the dump came to it", "ALTER TABLE b ADD COLUMN n int, ALGORITHM = COPY"],
    ["a table is altered in an instant, of which the server says nothing", "ALTER TABLE b ADD COLUMN n int, ALGORITHM = INSTANT"],
    ["a table is emptied before the dump came to it", "TRUNCATE TABLE b"],
    ["a table is dropped before the dump came to it", "DROP TABLE b"],
  ])("%s", async (_what, ddl) => {
    const dump = await heldUp();
    await sql.query(ddl);
    const failure = await failureOf(dump.rest());
    expect(failure).toMatchObject({ code: "DUMP_FAILED", reason: "SCHEMA_CHANGED", hint: expect.stringContaining("migration") });
  });

  it("its connections are killed", async () => {
    const dump = await heldUp();
    // One that has read all of its part may end by itself meanwhile.
    for (const id of await readers()) await sql.query(`KILL ${id}`).catch(() => {});
    expect(await failureOf(dump.rest())).toMatchObject({ code: "DUMP_FAILED", reason: "SERVER_GONE" });
    await expect.poll(readers).toEqual([]);
  });

  it("its process is killed", async () => {
    const dump = await heldUp();
    process.kill(await childPid(), "SIGKILL");
    expect(await failureOf(dump.rest())).toMatchObject({ code: "DUMP_FAILED", reason: "DUMP_KILLED" });
  });

  it("the server hangs", async () => {
    const dump = await heldUp({ idle: 1500 });
    const child = await childPid();
    server.signal("SIGSTOP");
    try {
      expect(await failureOf(dump.rest())).toMatchObject({ code: "DUMP_FAILED", reason: "DUMP_STALLED" });
      await expect.poll(() => exists(child), { timeout: 5000 }).toBe(false);
    } finally {
      server.signal("SIGCONT");
    }
  });

  it("it is cancelled: no child and no connection stays, and everybody can write", async () => {
    const cancel = new AbortController();
    const dump = await heldUp({ signal: cancel.signal });
    const child = await childPid();
    cancel.abort(new Failure("CANCELLED", "Cancelled."));
    expect(await failureOf(dump.rest())).toMatchObject({ code: "CANCELLED" });
    await expect.poll(() => exists(child), { timeout: 5000 }).toBe(false);
    await expect.poll(readers).toEqual([]);
    await sql.query("UPDATE b SET v = 3");
  });
});

it("neither arguments nor environment of its process hold the password", async () => {
  const dump = await heldUp();
  const child = await childPid();
  const threads = await readdir(`/proc/${child}/task`);
  expect(threads.length).toBeGreaterThan(3);
  for (const file of [`/proc/${child}/cmdline`, `/proc/${child}/environ`]) {
    const text = await readFile(file, "utf8");
    expect(text).not.toContain(server.password);
    expect(text.length).toBeGreaterThan(10);
  }
  await dump.rest();
});

describe("the lock", () => {
  it("is given up when a long statement and a transaction hold it up: the dump program reads, and nobody waits for long", async () => {
    const [slow, holder, writer] = [await server.connect("shop"), await server.connect("shop"), await server.connect("shop")];
    const sleeping = slow.query("SELECT SLEEP(100) FROM b LIMIT 1").catch(() => {});
    await holder.query("START TRANSACTION; UPDATE b SET v = 9 WHERE id = 1");
    await vi.waitFor(
      async () => {
        const [[row]] = await sql.query<RowDataPacket[]>(
          `SELECT TIME_MS > 1500 AS isLong FROM information_schema.PROCESSLIST WHERE ID = ${slow.threadId}`,
        );
        expect(Number(row?.isLong)).toBe(1);
      },
      { timeout: 10_000 },
    );
    // Whoever had to wait for longer would be told so by the server.
    await writer.query("SET lock_wait_timeout = 4");
    let [writing, writes] = [true, 0];
    const written = (async () => {
      for (; writing; writes += 1) await writer.query("UPDATE b SET v = v + 1 WHERE id = 2");
    })();
    try {
      const dump = await takeParallel(connection, { limits });
      expect(dump.summary).toMatchObject({ engine: "MYSQLDUMP", snapshot: null });
      expect(dump.said.filter((line) => line.startsWith("WARN"))).toEqual([
        expect.stringMatching(
          /^WARN The tables could not be locked for a moment: a statement has been running .*no lock was to be had.*The dump program reads/,
        ),
      ]);
      expect(dump.chosen).toEqual(["PARALLEL: It was asked for.", expect.stringMatching(/^MYSQLDUMP: The tables could not be locked/)]);
    } finally {
      writing = false;
      await written;
      expect(writes).toBeGreaterThan(0);
      await sql.query(`KILL ${slow.threadId}`);
      await sleeping;
      for (const session of [slow, holder, writer]) session.destroy();
    }
  });

  it("on all of the server is waited for shortly, while others wait behind it; then the database's own tables are locked", async () => {
    const [holder, writer] = [await server.connect("restored"), await server.connect("shop")];
    await holder.query("CREATE OR REPLACE TABLE elsewhere (id int); LOCK TABLES elsewhere WRITE");
    await writer.query("SET lock_wait_timeout = 5");
    let [writing, writes] = [true, 0];
    const written = (async () => {
      for (; writing; writes += 1) await writer.query("UPDATE b SET v = v + 1 WHERE id = 2");
    })();
    try {
      const [dump] = await Promise.all([takeParallel(connection, { limits }).finally(() => (writing = false)), written]);
      expect(dump.summary.snapshot).toMatchObject({ method: "LOCK_TABLES" });
      expect(writes).toBeGreaterThan(0);
    } finally {
      for (const session of [holder, writer]) session.destroy();
    }
  });

  it.each([
    ["FLUSH_TABLES", "RELOAD ON *.*"],
    ["LOCK_TABLES", "LOCK TABLES ON shop.*"],
  ])("%s lets all connections see one state, at a known place of the binary log, while others write", async (method, right) => {
    await sql.query(
      `DROP TABLE IF EXISTS left_side, right_side, ticks; CREATE TABLE left_side (id int PRIMARY KEY, money int); CREATE TABLE right_side LIKE left_side;
       CREATE TABLE ticks (id int AUTO_INCREMENT PRIMARY KEY); INSERT INTO left_side SELECT seq, 1000 FROM seq_1_to_50; INSERT INTO right_side SELECT seq, 1000 FROM seq_1_to_50`,
    );
    await using account = await freshAccount(sql, connection, [...readRights, right]);
    const writers = await Promise.all([1, 2, 3].map(() => server.connect("shop")));
    let writing = true;
    const written = writers.map(async (writer, index) => {
      for (let turn = 0; writing; turn += 1) {
        const [from, to] = turn % 2 ? ["left_side", "right_side"] : ["right_side", "left_side"];
        await writer.query(
          `START TRANSACTION; UPDATE ${from} SET money = money - 7 WHERE id = ${(turn % 16) + 16 * index + 1};
           UPDATE ${to} SET money = money + 7 WHERE id = ${((turn * 5) % 16) + 16 * index + 1}; INSERT INTO ticks VALUES (); COMMIT`,
        );
        // LOCK TABLES needs a moment in which none of them is in the middle of it.
        await sleep(20);
      }
    });
    const dump = await takeParallel(account.connection, { limits: { ...limits, threads: 4 } });
    writing = false;
    await Promise.all(written);
    for (const writer of writers) writer.destroy();
    expect(dump.summary).toMatchObject({ engine: "PARALLEL", snapshot: { method, connections: 4 } });
    expect(dump.summary.tables.find(({ name }) => name === "a_large")?.ranges?.length).toBeGreaterThan(3);
    await sql.query("DROP DATABASE restored; CREATE DATABASE restored");
    await restoreStock(dump.bytes, { ...connection, database: "restored" });
    const [[sum]] = await sql.query<RowDataPacket[]>(
      "SELECT (SELECT SUM(money) FROM restored.left_side) + (SELECT SUM(money) FROM restored.right_side) AS money, (SELECT COUNT(*) FROM restored.ticks) AS ticks",
    );
    expect(Number(sum?.money)).toBe(100_000);
    const [checksums] = await sql.query<RowDataPacket[]>("CHECKSUM TABLE shop.a_large, restored.a_large");
    expect(checksums[0]?.Checksum).toBe(checksums[1]?.Checksum);
    // The place in the log cuts what is in the dump from what is not.
    const position = dump.summary.binlog;
    const [events] = await sql.query<RowDataPacket[]>("SHOW BINLOG EVENTS IN ?", [position?.file]);
    const inserts = events.filter(({ Info }) => /INSERT INTO ticks VALUES/.test(String(Info)));
    const created = events.findLast(({ Info }) => /CREATE TABLE ticks/.test(String(Info)))?.Pos;
    const before = inserts.filter(({ Pos, End_log_pos }) => Pos > created && End_log_pos <= (position?.position ?? 0));
    expect(before.length).toBe(Number(sum?.ticks));
    expect(inserts.length).toBeGreaterThan(before.length);
    await sql.query("DROP TABLE left_side, right_side, ticks");
  });
});

describe("AUTO", () => {
  const auto = async (options: Partial<DumpRequest> = {}) =>
    (await takeParallel(connection, { engine: "AUTO", limits, ...options })).chosen;

  it("takes several connections for a large database, and the dump program where one table is outside of every snapshot", async () => {
    expect(await auto()).toEqual([expect.stringMatching(/^PARALLEL: The database is large: \d/)]);
    await sql.query("CREATE TABLE old_style (id int PRIMARY KEY) ENGINE = MyISAM");
    expect(await auto()).toEqual(["MYSQLDUMP: Table old_style is MyISAM, which no snapshot holds."]);
    await sql.query("DROP TABLE old_style");
  });

  it("takes the dump program for a small database, and for an account that may lock nothing, who is refused the other", async () => {
    await sql.query("CREATE DATABASE IF NOT EXISTS small; CREATE TABLE IF NOT EXISTS small.t (id int PRIMARY KEY)");
    expect(await auto({ connection: { ...connection, database: "small" } })).toEqual(["MYSQLDUMP: The database is small: 16.4 kB."]);
    await using account = await freshAccount(sql, connection, readRights);
    expect(await auto({ connection: account.connection })).toEqual([expect.stringMatching(/^MYSQLDUMP: The account may not lock/)]);
    const failure = await failureOf(takeParallel(account.connection));
    expect(failure).toMatchObject({ code: "DUMP_FAILED", reason: "ENGINE_UNFIT", hint: expect.stringContaining("LOCK TABLES") });
  });
});
