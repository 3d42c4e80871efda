import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import mysql from "mysql2/promise";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findServersBelow, isAlive } from "../../server/db/embedded/processes.ts";
import { openThrowaway, sweepThrowaways } from "../../server/db/embedded/throwaway.ts";

let home: string;
let work: string;
const never = new AbortController().signal;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "holdfast-home-"));
  work = join(home, "work");
  await mkdir(work);
});
afterEach(async () => {
  const left = await findServersBelow(work);
  for (const { pid } of left) process.kill(pid, "SIGKILL");
  await rm(home, { recursive: true, force: true, maxRetries: 20 });
  expect(left, "a server left running").toEqual([]);
});

async function variables({ socketPath, user }: { socketPath: string | null; user: string }) {
  const sql = await mysql.createConnection({ socketPath: socketPath ?? "", user });
  const [rows] = await sql.query<mysql.RowDataPacket[]>(
    "SELECT @@port AS port, @@skip_networking AS quiet, @@log_bin AS log, @@event_scheduler AS events, @@innodb_flush_log_at_trx_commit AS flush, @@secure_file_priv AS files, @@innodb_buffer_pool_size AS pool",
  );
  await sql.end();
  return rows[0];
}

/** Another process that holds a throw-away server and never lets go. */
async function holder(guard: readonly string[]) {
  const program = `
    const { openThrowaway } = await import(${JSON.stringify(resolve("server/db/embedded/throwaway.ts"))});
    await openThrowaway(${JSON.stringify(home)}, { signal: new AbortController().signal, guard: ${JSON.stringify(guard)} });
    console.log("open");
    setInterval(() => {}, 1000);`;
  const child = spawn(resolve("node_modules/node/bin/node"), ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(createInterface(child.stdout), "line");
  return child;
}

describe("a throw-away server", () => {
  it("is on a socket only, runs no events, reads no files, and leaves nothing", async () => {
    const server = await openThrowaway(home, { signal: never });
    const found = await variables(server.connection);
    expect(found).toMatchObject({ port: 0, quiet: 1, log: 0, events: "OFF", flush: 0 });
    expect(String(found?.files)).toContain(work);
    expect(Number(found?.pool)).toBeLessThanOrEqual(512 * 1024 * 1024);
    expect(await findServersBelow(work)).toHaveLength(1);
    await server[Symbol.asyncDispose]();
    expect(await findServersBelow(work)).toEqual([]);
    expect(await readdir(work)).toEqual([]);
  });

  it("puts no table into a folder that its definition names", async () => {
    await using server = await openThrowaway(home, { signal: never });
    const { socketPath, user } = server.connection;
    const sql = await mysql.createConnection({ socketPath: socketPath ?? "", user });
    await sql.query("CREATE DATABASE shop");
    for (const engine of ["InnoDB", "MyISAM", "Aria"])
      await sql.query(`CREATE TABLE shop.${engine} (id INT) ENGINE = ${engine} DATA DIRECTORY = '${work}/elsewhere'`);
    await sql.query(
      `CREATE TABLE shop.parts (id INT) PARTITION BY RANGE (id) (PARTITION p VALUES LESS THAN (9) DATA DIRECTORY = '${work}/elsewhere')`,
    );
    await sql.end();
    expect(await readdir(work)).not.toContain("elsewhere");
  });

  it("is ended by its signal, while it is made and while it is used", async () => {
    const begun = performance.now();
    await (await openThrowaway(home, { signal: never }))[Symbol.asyncDispose]();
    const took = performance.now() - begun;
    // In the middle of its installation, of its start, and between the two.
    const refused: string[] = [];
    for (const share of [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]) {
      const making = new AbortController();
      setTimeout(() => making.abort(new Error("enough")), share * took);
      // A faster machine than it was a moment ago may have made it by then.
      await openThrowaway(home, { signal: making.signal }).then(
        (server) => server[Symbol.asyncDispose](),
        (error: Error) => refused.push(error.message),
      );
      expect(await readdir(work)).toEqual([]);
    }
    expect(new Set(refused)).toEqual(new Set(["enough"]));
    expect(refused.length).toBeGreaterThanOrEqual(4);

    const using_ = new AbortController();
    await using server = await openThrowaway(home, { signal: using_.signal });
    const [mark] = await findServersBelow(work);
    using_.abort(new Error("enough"));
    while (mark && (await isAlive(mark))) await new Promise(setImmediate);
    await expect(variables(server.connection)).rejects.toThrow();
  });

  it("works where the path is longer than a socket's may be", async () => {
    const deep = join(home, "a".repeat(120));
    await using server = await openThrowaway(deep, { signal: never });
    const child = spawn("mariadb", ["--no-defaults", `--socket=${server.connection.socketPath}`, "-e", "SELECT 1"], { stdio: "ignore" });
    expect((await once(child, "exit"))[0]).toBe(0);
  });

  it("is swept when its process was killed, and only then", async () => {
    const child = await holder([]);
    await sweepThrowaways(home);
    expect(await findServersBelow(work)).toHaveLength(1);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(await findServersBelow(work)).toHaveLength(1);
    await sweepThrowaways(home);
    expect(await findServersBelow(work)).toEqual([]);
    expect(await readdir(work)).toEqual([]);
  });

  it("ends with its process where the system can see to that", async () => {
    const child = await holder(["/usr/bin/setpriv", "--pdeathsig", "KILL", "--"]);
    const [server] = await findServersBelow(work);
    child.kill("SIGKILL");
    while (server && (await isAlive(server))) await new Promise(setImmediate);
    await sweepThrowaways(home);
    expect(await readdir(work)).toEqual([]);
  });

  it("says what is missing: room on the disk, or the server's programs", async () => {
    await expect(openThrowaway(home, { signal: never, bytes: 1e15 })).rejects.toMatchObject({ code: "STORAGE_FULL" });
    await expect(openThrowaway(home, { signal: never, folders: ["/nowhere"] })).rejects.toMatchObject({
      reason: "PROGRAM_MISSING",
      hint: expect.stringContaining("apt-get install mariadb-server-core"),
    });
    expect(await readdir(work)).toEqual([]);
  });
});
