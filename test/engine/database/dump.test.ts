import { execFile, execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import type { Connection as Session } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Connection } from "../../../server/domain/connection.ts";
import { Failure } from "../../../server/domain/errors.ts";
import { credentialFile } from "../../../server/engine/database/credential.ts";
import { openDump } from "../../../server/engine/database/dump.ts";
import { findTools } from "../../../server/engine/database/tools.ts";
import type { ClientTools } from "../../../server/engine/part.ts";
import { findProgram, spawnTool } from "../../../server/engine/process.ts";
import { freshAccount } from "../../support/accounts.ts";
import { startMariadb, type TestServer } from "../../support/mariadb.ts";
import { makeNasty, portrait } from "../../support/nasty.ts";
import { quiet, takeDump } from "../../support/nasty-backup.ts";
import { freshDatabase } from "../../support/shared-server.ts";

const tools = await findTools(null);
const packing = { compression: "NONE", level: 0 } as const;

/** Drains a dump that must not succeed. */
async function failureOf(work: Promise<{ bytes: AsyncIterable<unknown>; done: Promise<unknown> }>): Promise<Failure> {
  try {
    const reader = await work;
    const both = await Promise.allSettled([buffer(reader.bytes as AsyncIterable<Uint8Array> as never), reader.done]);
    expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    throw (both[1] as PromiseRejectedResult).reason;
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
    return error as Failure;
  }
}

describe("a dump of the nasty schema", () => {
  let database: Awaited<ReturnType<typeof freshDatabase>>;
  beforeAll(async () => {
    database = await freshDatabase("nasty");
    await makeNasty(database.connection);
  });
  afterAll(() => database?.[Symbol.asyncDispose]());

  it("restores with stock tools to the same database", async () => {
    const { sql, name, connection } = database;
    const before = await portrait(sql, name);
    expect(Object.keys(before).length).toBeGreaterThan(40);
    const dump = await takeDump(connection);
    await sql.query(`DROP DATABASE \`${name}\``);
    await sql.query(`CREATE DATABASE \`${name}\` CHARACTER SET utf8mb4`);
    await using credential = await credentialFile(connection);
    const folder = await mkdtemp(join(tmpdir(), "holdfast-stock-"));
    await writeFile(join(folder, "database.sql.zst"), dump.bytes);
    const script = `zstd -dc ${folder}/database.sql.zst | mariadb --defaults-file=/dev/fd/3 --comments ${name}`;
    const shell = spawnTool("sh", ["-c", script], { fds: [credential.fd] });
    shell.stdout?.resume();
    expect(await shell.exited).toMatchObject({ code: 0, stderr: "" });
    await rm(folder, { recursive: true });
    expect(await portrait(sql, name)).toEqual(before);
  });

  it("tells what is in it, the same for every compression", async () => {
    const { sql, connection, name } = database;
    const [zstd, gzip, plain] = [
      await takeDump(connection),
      await takeDump(connection, { compression: "GZIP", level: 1 }),
      await takeDump(connection, packing),
    ];
    const undated = (bytes: Buffer) => bytes.toString("latin1").replace(/(-- Dump completed) on [^\n]*\n*$/, "$1");
    // Compared as a truth: a difference of megabytes would be shown in full.
    expect(undated(execFileSync("zstd", ["-dc"], { input: zstd.bytes, maxBuffer: 1e8 })) === undated(plain.bytes)).toBe(true);
    expect(undated(execFileSync("gunzip", ["-c"], { input: gzip.bytes, maxBuffer: 1e8 })) === undated(plain.bytes)).toBe(true);
    expect(plain.size).toBe(plain.bytes.length);
    expect(plain.bytes.includes("0xDEADBEEF00DEADBEEF00")).toBe(true);
    // The server's estimates of sizes change by themselves, whenever its statistics are renewed.
    const sure = ({ summary: { dataBytes: _, ...rest } }: typeof plain) => ({
      ...rest,
      tables: rest.tables.map(({ bytes: _, ...table }) => table),
      sections: rest.sections?.map(({ table }) => table),
    });
    expect([zstd.size, gzip.size, sure(zstd), sure(gzip)]).toEqual([plain.size, plain.size, sure(plain), sure(plain)]);
    for (const table of plain.summary.tables) {
      const [rows] = await sql.query(`SELECT COUNT(*) AS n FROM \`${table.name.replaceAll("`", "``")}\``);
      expect({ name: table.name, rows }).toEqual({ name: table.name, rows: [{ n: table.rows }] });
    }
    expect(plain.summary).toMatchObject({
      name,
      flavour: "mariadb",
      characterSet: "utf8mb4",
      definitions: { views: 5, triggers: 4, procedures: 2, functions: 1, events: 2 },
    });
    expect(plain.summary.notes.filter((note) => note.includes("outside the consistent snapshot")).length).toBe(3);
  });

  it("leaves a broken view out, with its definition in the notes", async () => {
    const { sql, connection } = database;
    await sql.query("CREATE TABLE gone (id int); CREATE VIEW `bro``ken` AS SELECT id AS only_here FROM gone; DROP TABLE gone");
    const { summary } = await takeDump(connection);
    await sql.query("DROP VIEW `bro``ken`");
    expect(summary.definitions.views).toBe(5);
    expect(summary.notes).toContainEqual(expect.stringMatching(/^View bro`ken is broken.*only_here/));
  });
});

describe("a dump counts only when it is proved whole", () => {
  let database: Awaited<ReturnType<typeof freshDatabase>>;
  let folder: string;
  beforeAll(async () => {
    database = await freshDatabase("gate");
    await database.sql.query(
      "CREATE TABLE a (id int); INSERT INTO a VALUES (1), (2); CREATE TABLE b (id int); CREATE VIEW v AS SELECT 1 AS x",
    );
    folder = await mkdtemp(join(tmpdir(), "holdfast-tools-"));
  });
  afterAll(async () => {
    await database?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  /** Client tools whose dump program is a shell script; $REAL is the true one. */
  async function fakeTools(script: string): Promise<ClientTools> {
    const dump = join(folder, `dump-${(await readdir(folder)).length}`);
    await writeFile(dump, `#!/bin/sh\nREAL=${tools.dump}\n${script}\n`);
    await chmod(dump, 0o755);
    return { ...tools, dump };
  }

  it.each([
    ["is cut although the dump program reports success", '"$REAL" "$@" | head -c 1500', "DUMP_INCOMPLETE"],
    ["is cut after a statement", '"$REAL" "$@" | grep -v "Dump completed"', "DUMP_INCOMPLETE"],
    ["is empty", "exit 0", "DUMP_INCOMPLETE"],
    ["is cut by the dump program's end", '"$REAL" "$@" | head -c 1500; kill -9 $$', "DUMP_KILLED"],
    ["is of a dump program that cannot be run", 'exec "$REAL-gone" "$@"', "DUMP_ERROR"],
    ["is whole, but the dump program failed", '"$REAL" "$@"; exit 2', "DUMP_ERROR"],
    ["is whole, but the dump program was killed", '"$REAL" "$@"; kill -9 $$', "DUMP_KILLED"],
    [
      "lacks a table",
      `"$REAL" --defaults-file=/dev/fd/3 --ignore-table="$DB.b" --routines --events --single-transaction "$DB"`,
      "SCHEMA_CHANGED",
    ],
    [
      "lacks a view",
      `"$REAL" --defaults-file=/dev/fd/3 --ignore-table="$DB.v" --routines --events --single-transaction "$DB"`,
      "SCHEMA_CHANGED",
    ],
  ])("%s", async (_what, script, reason) => {
    const failure = await failureOf(
      openDump({
        connection: database.connection,
        tools: await fakeTools(`DB=${database.name}\n${script}`),
        packing: { compression: "ZSTD", level: 1 },
        ...quiet,
      }),
    );
    expect({ code: failure.code, reason: failure.reason }).toEqual({ code: "DUMP_FAILED", reason });
    expect(failure.hint).toBeTruthy();
  });

  it("keeps the end of what the dump program says, without the password", async () => {
    const { password } = database.connection;
    const flood = `yes "noise noise noise noise" | head -c 20000000 >&2; printf '\\n%s' ${`'it failed with ${password.replaceAll("'", "'\\''")}'`} >&2; exit 3`;
    const failure = await failureOf(openDump({ connection: database.connection, tools: await fakeTools(flood), packing, ...quiet }));
    expect(failure.message).toBe("The dump program failed: it failed with [secret].");
  });
});

describe("a dump that is ended", () => {
  const childrenOf = async (pid: number) =>
    (await promisify(execFile)("ps", ["-o", "pid=,args=", "--ppid", String(pid)])).stdout
      .split("\n")
      .filter((line) => line && !line.includes("ps -o"));
  let server: TestServer;
  let sql: Session;
  let connection: Connection;
  beforeAll(async () => {
    server = await startMariadb(["--innodb-flush-method=nosync"]);
    sql = await server.connect();
    await sql.query(
      "CREATE DATABASE large; USE large; CREATE TABLE rows_ (id int PRIMARY KEY, v varchar(900)); INSERT INTO rows_ SELECT seq, REPEAT('x', 900) FROM seq_1_to_60000",
    );
    connection = {
      host: "127.0.0.1",
      port: server.port,
      user: "root",
      password: server.password,
      database: "large",
      socketPath: null,
      tls: false,
    };
  });
  afterAll(async () => {
    sql?.destroy();
    await server?.stop();
  });

  it("by a cancel leaves no child", async () => {
    const cancel = new AbortController();
    const before = (await childrenOf(process.pid)).length;
    const reader = await openDump({ connection, tools, packing, signal: cancel.signal, say: () => {} });
    await once(reader.bytes, "readable");
    expect((await childrenOf(process.pid)).length).toBe(before + 2);
    const reason = new Failure("CANCELLED", "Cancelled.");
    cancel.abort(reason);
    await expect(reader.done).rejects.toBe(reason);
    await expect.poll(async () => (await childrenOf(process.pid)).length, { timeout: 5000 }).toBe(before);
    expect(reader.bytes.errored).toBe(reason);
  });

  it("by a reader that goes away leaves no child", async () => {
    const before = (await childrenOf(process.pid)).length;
    const reader = await openDump({ connection, tools, packing: { compression: "ZSTD", level: 1 }, ...quiet });
    await once(reader.bytes, "readable");
    reader.bytes.destroy();
    await expect(reader.done).rejects.toThrow();
    await expect.poll(async () => (await childrenOf(process.pid)).length, { timeout: 5000 }).toBe(before);
  });

  it("by the server's end says so", async () => {
    const reader = await openDump({ connection, tools, packing, ...quiet });
    await once(reader.bytes, "readable");
    server.signal("SIGKILL");
    const failure = await failureOf(Promise.resolve(reader));
    expect(failure).toMatchObject({ code: "DUMP_FAILED", reason: "SERVER_GONE" });
    const after = await failureOf(openDump({ connection, tools, packing, ...quiet }));
    expect(after).toMatchObject({
      code: "SOURCE_UNAVAILABLE",
      message: `Could not reach the database at 127.0.0.1:${server.port}: connection refused.`,
    });
  });
});

describe("an account that may not see everything", () => {
  it("is refused before the dump, with the grants that mend it", async () => {
    await using database = await freshDatabase("rights");
    await database.sql.query(
      "CREATE TABLE t (id int); CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET @a = 1; CREATE PROCEDURE p () BEGIN END",
    );
    await using account = await freshAccount(database.sql, database.connection, [`SELECT, SHOW VIEW, EVENT ON \`${database.name}\`.*`]);
    const failure = await failureOf(openDump({ connection: account.connection, tools, packing, ...quiet }));
    expect(failure).toMatchObject({ code: "SOURCE_UNAVAILABLE", reason: "PRIVILEGES_MISSING" });
    expect(failure.message).toContain("TRIGGER, SELECT ON mysql.proc");
    for (const grant of failure.hint?.match(/GRANT [^;]+;/g) ?? []) await database.sql.query(grant);
    const { summary } = await takeDump(account.connection, packing);
    expect(summary.definitions).toMatchObject({ triggers: 1, procedures: 1 });
  });
});

describe("the client tools", () => {
  it("are found on PATH, in a folder, and beside a program", async () => {
    const folder = await mkdtemp(join(tmpdir(), "holdfast-tools-"));
    for (const [name, target] of [
      ["mysqldump", tools.dump],
      ["mysql", tools.client],
    ] as const)
      await symlink(target, join(folder, name));
    expect((await findTools(folder)).dump).toBe(join(folder, "mysqldump"));
    expect((await findTools(join(folder, "mysql"))).client).toBe(join(folder, "mysql"));
    expect(tools).toMatchObject({
      flavour: "mariadb",
      client: findProgram("mariadb"),
      restrictions: expect.arrayContaining(["--sandbox", "--binary-mode", "--local-infile=0"]),
    });
    expect(tools.version).toMatch(/^\d+\.\d+\.\d+$/);
    await rm(folder, { recursive: true });
  });

  it("are refused when missing, not executable, or without a way to shut shell commands off", async () => {
    const folder = await mkdtemp(join(tmpdir(), "holdfast-tools-"));
    const refusal = async (path: string) => {
      const failure = await findTools(path).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(Failure);
      return failure as Failure;
    };
    expect((await refusal(join(folder, "nowhere"))).hint).toContain("in the settings");
    await writeFile(join(folder, "mariadb-dump"), "#!/bin/sh\n");
    expect((await refusal(folder)).message).toContain(folder);
    await chmod(join(folder, "mariadb-dump"), 0o755);
    await writeFile(join(folder, "mariadb"), "#!/bin/sh\necho 'mysql Ver 14 Distrib 5.5.1'\n");
    await chmod(join(folder, "mariadb"), 0o755);
    expect((await refusal(folder)).message).toContain("shell commands");
    await rm(folder, { recursive: true });
  });
});
