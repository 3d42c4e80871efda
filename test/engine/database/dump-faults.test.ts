import { execFile } from "node:child_process";
import { once } from "node:events";
import { truncate } from "node:fs/promises";
import { dirname, join } from "node:path";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { RowDataPacket, Connection as Session } from "mysql2/promise";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Connection } from "../../../server/domain/connection.ts";
import { Failure } from "../../../server/domain/errors.ts";
import { type BackupPlan, runBackup } from "../../../server/engine/backup.ts";
import { openDump } from "../../../server/engine/database/dump.ts";
import { findTools } from "../../../server/engine/database/tools.ts";
import { aboutBackup } from "../../support/about.ts";
import { freshAccount } from "../../support/accounts.ts";
import { startMariadb, type TestServer } from "../../support/mariadb.ts";
import { memoryStorage } from "../../support/memory-storage.ts";
import { quiet, takeDump } from "../../support/nasty-backup.ts";
import { freshDatabase } from "../../support/shared-server.ts";

const tools = await findTools(null);
const packing = { compression: "NONE", level: 0 } as const;

let server: TestServer;
let sql: Session;
let connection: Connection;
beforeAll(async () => {
  server = await startMariadb(["--log-bin=binlog", "--server-id=1", "--innodb-flush-method=nosync"]);
  sql = await server.connect();
  await sql.query("CREATE DATABASE shop; USE shop");
  // More than the pipes and the scanner hold, so that whoever does not read on holds the dump up in this table.
  await sql.query(
    "CREATE TABLE a_large (id int PRIMARY KEY, v varchar(900)); INSERT INTO a_large SELECT seq, REPEAT('x', 900) FROM seq_1_to_60000",
  );
  connection = {
    host: "localhost",
    port: 0,
    user: "root",
    password: server.password,
    database: "shop",
    socketPath: server.socketPath,
    tls: false,
  };
});
afterAll(async () => {
  sql?.destroy();
  await server?.stop();
});

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const failure = await work.then(
    () => null,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(Failure);
  return failure as Failure;
}

/** A dump that is held up in its first table. */
async function heldUp(idle?: number) {
  const reader = await openDump({ connection, tools, packing, engine: "MYSQLDUMP", ...quiet, ...(idle ? { idle } : {}) });
  await once(reader.bytes, "readable");
  const [first] = await once(reader.bytes, "readable").then(() => [reader.bytes.read()]);
  expect(first).not.toBeNull();
  return { ...reader, rest: () => Promise.all([buffer(reader.bytes), reader.done]) };
}

async function childNamed(name: string): Promise<number> {
  const { stdout } = await promisify(execFile)("ps", ["-o", "pid=,args=", "--ppid", String(process.pid)]);
  return Number(
    stdout
      .split("\n")
      .find((line) => line.includes(name))
      ?.trim()
      .split(" ")[0],
  );
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe("a dump fails, and says why, when", () => {
  beforeEach(() => sql.query("DROP TABLE IF EXISTS b; CREATE TABLE b (id int PRIMARY KEY); INSERT INTO b VALUES (1), (2)"));

  it.each([
    ["a table is altered before the dump came to it", "ALTER TABLE b ADD COLUMN n int, ALGORITHM = COPY"],
    ["a table is emptied before the dump came to it", "TRUNCATE TABLE b"],
    ["a table is dropped before the dump came to it", "DROP TABLE b"],
  ])("%s", async (_what, ddl) => {
    const dump = await heldUp();
    await sql.query(ddl);
    const failure = await failureOf(dump.rest());
    expect(failure).toMatchObject({ code: "DUMP_FAILED", reason: "SCHEMA_CHANGED", hint: expect.stringContaining("migration") });
    expect(failure.message).toMatch(/[`.]b\b/);
  });

  it.each([
    ["the dump program is killed", "mariadb-dump", "DUMP_KILLED"],
    ["the scanner is killed", "dump-scan-child", "SCAN_FAILED"],
  ])("%s", async (_what, program, reason) => {
    const dump = await heldUp();
    process.kill(await childNamed(program), "SIGKILL");
    expect(await failureOf(dump.rest())).toMatchObject({ code: "DUMP_FAILED", reason });
  });

  it("the server hangs", async () => {
    const dump = await heldUp(1500);
    const children = [await childNamed("mariadb-dump"), await childNamed("dump-scan-child")];
    server.signal("SIGSTOP");
    try {
      expect(await failureOf(dump.rest())).toMatchObject({
        code: "DUMP_FAILED",
        reason: "DUMP_STALLED",
        message: expect.stringContaining("2 seconds"),
      });
      for (const pid of children) await expect.poll(() => isRunning(pid), { timeout: 5000 }).toBe(false);
    } finally {
      server.signal("SIGCONT");
    }
  });

  it("a MyISAM table is crashed, by its name", async () => {
    await sql.query(
      "CREATE TABLE crashed (id int PRIMARY KEY, v varchar(200)) ENGINE = MyISAM; INSERT INTO crashed SELECT seq, REPEAT('x', 200) FROM seq_1_to_2000; FLUSH TABLES",
    );
    await truncate(join(dirname(server.socketPath), "data/shop/crashed.MYD"), 5000);
    const failure = await failureOf(takeDump(connection, packing));
    await sql.query("DROP TABLE crashed");
    expect(failure).toMatchObject({ code: "DUMP_FAILED", reason: "TABLE_CRASHED", hint: expect.stringContaining("REPAIR TABLE") });
    expect(failure.message).toContain("crashed");
  });
});

describe("a slow reader", () => {
  it("is no standstill of the dump", async () => {
    const dump = await heldUp(3000);
    await sleep(3600); // Longer than the dump itself may stand still.
    const [, { summary }] = await dump.rest();
    expect(summary.tables.find(({ name }) => name === "a_large")?.rows).toBe(60_000);
  });
});

describe("a backup that a migration came in between", () => {
  const plan = (onPut: (attempt: number) => Promise<void>) => {
    const memory = memoryStorage();
    let attempts = 0;
    const plan: BackupPlan = {
      storage: {
        ...memory,
        put: (name, bytes, options) => memory.put(name, name.includes("database") ? watched(bytes) : bytes, options),
      },
      folder: "shop/1",
      packing,
      database: { connection, tools, ratio: null, engine: "MYSQLDUMP" },
      media: null,
      about: aboutBackup({ name: "Shop", compression: "NONE" }),
      now: () => new Date(0),
    };
    async function* watched(bytes: AsyncIterable<Uint8Array>) {
      let first = true;
      for await (const chunk of bytes) {
        if (first) {
          attempts += 1;
          await onPut(attempts);
        }
        first = false;
        yield chunk;
      }
    }
    const said: string[] = [];
    const work = { signal: quiet.signal, say: (level: string, message: string) => said.push(`${level} ${message}`), report: () => {} };
    return { memory, said, run: () => runBackup(plan, work) };
  };
  const migrate = () => sql.query("ALTER TABLE b ENGINE = InnoDB, ALGORITHM = COPY");
  beforeEach(() => sql.query("DROP TABLE IF EXISTS b; CREATE TABLE b (id int PRIMARY KEY); INSERT INTO b VALUES (1), (2)"));

  it("is taken once more by itself, and says so", async () => {
    const { memory, said, run } = plan(async (attempt) => void (attempt === 1 && (await migrate())));
    const manifest = await run();
    expect(said.filter((line) => line.startsWith("WARN"))).toEqual([expect.stringMatching(/1412.*taken once more/)]);
    expect(manifest.database?.tables.map(({ name, rows }) => [name, rows])).toEqual([
      ["a_large", 60_000],
      ["b", 2],
    ]);
    expect([...memory.files.keys()]).toEqual(["shop/1/database.sql", "shop/1/manifest.json"]);
  });

  it("fails when another comes, and leaves nothing", async () => {
    const { memory, run } = plan(async () => void (await migrate()));
    expect(await failureOf(run())).toMatchObject({ code: "DUMP_FAILED", reason: "SCHEMA_CHANGED" });
    expect([...memory.files.keys()]).toEqual([]);
  });
});

describe("the place in the binary log", () => {
  it("is that of the dump's own snapshot, for an account with no right but to read", async () => {
    await sql.query("DROP TABLE IF EXISTS ticks; CREATE TABLE ticks (id int AUTO_INCREMENT PRIMARY KEY)");
    await using account = await freshAccount(sql, connection, ["SELECT, SHOW VIEW, TRIGGER, EVENT ON shop.*", "SELECT ON mysql.proc"]);
    const writer = await server.connect("shop");
    let writing = true;
    const written = (async () => {
      while (writing) await writer.query("INSERT INTO ticks VALUES ()");
    })();
    const { summary } = await takeDump(account.connection);
    writing = false;
    await written;
    await writer.end();
    const position = summary.binlog;
    const rows = summary.tables.find(({ name }) => name === "ticks")?.rows ?? 0;
    const [events] = await sql.query<RowDataPacket[]>("SHOW BINLOG EVENTS IN ?", [position?.file]);
    const inserts = events.filter(({ Info }) => /INSERT INTO ticks/.test(String(Info)));
    // The writer was at work before and after: the place cuts what is in the dump from what is not.
    expect(inserts.filter(({ End_log_pos }) => Number(End_log_pos) <= (position?.position ?? 0)).length).toBe(rows);
    expect(inserts.length).toBeGreaterThan(rows);
    expect(position?.gtid).toMatch(/^\d+-1-\d+$/);
    await sql.query("DROP TABLE ticks");
  });

  it("is taken without a lock on all tables", async () => {
    await sql.query("SET GLOBAL log_output = 'TABLE', general_log = ON; TRUNCATE mysql.general_log");
    await takeDump(connection);
    await sql.query("SET GLOBAL general_log = OFF");
    const [said] = await sql.query<RowDataPacket[]>("SELECT CONVERT(argument USING utf8mb4) AS said FROM mysql.general_log");
    const statements = said.map(({ said }) => String(said));
    expect(statements.some((text) => text.includes("START TRANSACTION"))).toBe(true);
    expect(statements.filter((text) => /^\s*(FLUSH|LOCK)\b/i.test(text))).toEqual([]);
  });

  it("is null where the server keeps none", async () => {
    await using database = await freshDatabase("unlogged");
    await database.sql.query("CREATE TABLE t (id int)");
    expect((await takeDump(database.connection)).summary.binlog).toBeNull();
  });
});

describe("an account that lacks a right", () => {
  const all = ["SELECT", "SHOW VIEW", "TRIGGER", "EVENT"];
  it.each([
    ...all.map((right) => [right, all.filter((other) => other !== right), true] as const),
    ["SELECT ON mysql.proc", all, false] as const,
  ])("%s is told which, and the statement that gives it", async (right, rights, routines) => {
    const grants = [`${rights.join(", ")} ON shop.*`, ...(routines ? ["SELECT ON mysql.proc"] : [])];
    await using account = await freshAccount(sql, connection, grants);
    const failure = await failureOf(openDump({ connection: account.connection, tools, packing, ...quiet }));
    expect(failure).toMatchObject({ code: "SOURCE_UNAVAILABLE", reason: "PRIVILEGES_MISSING" });
    expect(failure.message).toContain(`needs: ${right}.`);
    for (const grant of failure.hint?.match(/GRANT [^;]+;/g) ?? []) await sql.query(grant);
    await takeDump(account.connection, packing);
  });
});
