import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { RowDataPacket, Connection as Session } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Connection } from "../../../server/domain/connection.ts";
import type { RestoreJournal } from "../../../server/domain/restore.ts";
import { loadDump } from "../../../server/engine/database/load.ts";
import { discardScratch } from "../../../server/engine/database/scratch.ts";
import { DumpSplitter } from "../../../server/engine/database/scripts.ts";
import { findTools } from "../../../server/engine/database/tools.ts";
import { type RestorePlan, recover, restoreStaged } from "../../../server/engine/restore.ts";
import type { Compression } from "../../../shared/enums.ts";
import { childrenWith } from "../../support/children.ts";
import { startMariadb, type TestServer } from "../../support/mariadb.ts";
import { leftovers } from "../../support/nasty.ts";
import { quiet } from "../../support/nasty-backup.ts";
import { frameOf, type WrittenSection, writtenDump } from "../../support/written-dump.ts";

const tools = await findTools(null);
const tiny = await tinyDisk();
let server: TestServer;
let sql: Session;
let connection: Connection;
beforeAll(async () => {
  // A server that has room for some 10 MB of rows.
  server = await startMariadb(["--innodb-file-per-table=OFF", "--innodb-data-file-path=ibdata1:12M:autoextend:max:24M"]);
  sql = await server.connect();
  await sql.query("CREATE DATABASE shop; CREATE TABLE shop.items (id int PRIMARY KEY); INSERT INTO shop.items VALUES (7)");
  const { port, password, socketPath } = server;
  connection = { host: "localhost", port, user: "root", password, database: "shop", socketPath, tls: false };
});
afterAll(async () => {
  await sql?.end().catch(() => {});
  // One that waits for room on its disk takes a minute to stop.
  await server?.kill();
  await server?.stop();
  if (!tiny) return;
  await promisify(execFile)("umount", [tiny]);
  await rm(tiny, { recursive: true });
});

/** A file system of 1 MB; null where this account may not mount one. */
async function tinyDisk(): Promise<string | null> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-tiny-"));
  const mounted = promisify(execFile)("mount", ["-t", "tmpfs", "-o", "size=1m,mode=777", "tmpfs", folder]);
  return mounted.then(
    () => folder,
    async () => {
      await rm(folder, { recursive: true });
      return null;
    },
  );
}

/** All rows would take half a minute: what is done meanwhile is done in mid load. */
const slow = 500_000;

/** A dump of so many hundred rows of a kilobyte each, a hundred in a frame. */
async function dumpOf(hundreds: number, compression: Compression = "ZSTD", options = "ENGINE=InnoDB") {
  const text = "x".repeat(1000);
  const rows = Array.from({ length: hundreds * 100 }, (_, id) => `(${id},'${text}')`);
  const frames = Array.from({ length: hundreds }, (_, at) => frameOf("items", "`id`,`text`", rows.slice(at * 100, (at + 1) * 100)));
  const sections: WrittenSection[] = [
    { table: null, rows: null, frames: ["/*!40101 SET NAMES utf8mb4 */;\n"] },
    {
      table: "items",
      rows: null,
      frames: [`CREATE TABLE \`items\` (\`id\` int NOT NULL, \`text\` text, PRIMARY KEY (\`id\`)) ${options};\n`],
    },
    { table: "items", rows: rows.length, frames },
    { table: null, rows: null, frames: ["-- Dump completed\n"] },
  ];
  return writtenDump(sections, { items: rows.length }, compression);
}

/** A restore of the dump, and what it wrote into its journal; `act` is called once when rows are on their way into the table. */
function restoring({ content }: Awaited<ReturnType<typeof dumpOf>>, act: () => unknown, bytesPerSecond: number | null = slow) {
  const journal: { now: RestoreJournal | null } = { now: null };
  const cancelling = new AbortController();
  const plan: RestorePlan = {
    ...{ restoreId: randomUUID(), content: { database: content, media: null }, mode: "REPLACE", tables: null, paths: null },
    target: { database: { connection, tools, make: false }, media: null },
    limits: { threads: 1, bytesPerSecond, lowPriority: false },
    now: () => new Date(),
    async journal(now) {
      journal.now = now;
    },
  };
  let acted = false;
  const report = ({ currentItem }: { currentItem: string | null }) => {
    if (currentItem !== "items" || acted) return;
    acted = true;
    void act();
  };
  const said: string[] = [];
  const work = { signal: cancelling.signal, say: (level: string, text: string) => said.push(`${level} ${text}`), report };
  const ended = restoreStaged(plan, work, { before: 0, expected: 0 }).then(
    () => null,
    (error: unknown) => error,
  );
  return { ended, plan, journal, said, cancel: () => cancelling.abort(new Error("cancelled")) };
}

const loading = async () => {
  const [rows] = await sql.query<RowDataPacket[]>("SELECT ID id FROM information_schema.PROCESSLIST WHERE INFO LIKE 'LOAD DATA%'");
  return rows.map(({ id }) => Number(id));
};
/** The target is as it was, and nothing is left: no schema, no connection, no process. */
async function nothingLeft(): Promise<void> {
  expect((await sql.query("SELECT * FROM shop.items"))[0]).toEqual([{ id: 7 }]);
  expect(await leftovers(sql)).toEqual([]);
  expect(await childrenWith("loader-child")).toEqual([]);
  expect(await loading()).toEqual([]);
}

describe("a load of rows", () => {
  it.each<[string, string, { message: string; hint: string }]>([
    ["the statement", "KILL QUERY", { message: "1317", hint: "Somebody on the database server" }],
    ["the connection", "KILL", { message: "2013", hint: "The connection to the database was lost." }],
  ])("whose %s is killed on the server leaves nothing, and says so", async (_, kill, { message, hint }) => {
    // The server reads what is still sent of a statement that was killed: less of it keeps this short.
    const { ended, journal } = restoring(await dumpOf(kill === "KILL" ? 150 : 20), async () => {
      const ids = await loading();
      expect(ids).toHaveLength(1);
      await sql.query(`${kill} ${ids[0]}`);
    });
    expect(await ended).toMatchObject({
      code: "LOAD_FAILED",
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    });
    expect(journal.now).toBe(null);
    await nothingLeft();
  });

  it.each<[string, Compression, number | null]>([
    ["waits for rows", "ZSTD", slow],
    ["is given rows", "NONE", null],
  ])("whose process is killed while it %s leaves nothing, and says so", async (_, compression, bytesPerSecond) => {
    const kill = async () => {
      // A server that takes nothing more keeps the process, and whoever feeds it, waiting.
      if (bytesPerSecond === null) server.signal("SIGSTOP");
      for (const pid of await childrenWith("loader-child")) process.kill(pid, "SIGKILL");
      server.signal("SIGCONT");
    };
    const { ended, journal } = restoring(await dumpOf(150, compression), kill, bytesPerSecond);
    const told = { message: expect.stringContaining("(SIGKILL)"), hint: expect.stringContaining("memory") };
    expect(await ended).toMatchObject({ code: "LOAD_FAILED", reason: "CLIENT_KILLED", ...told });
    expect(journal.now).toBe(null);
    await nothingLeft();
  });

  it("that is cancelled leaves nothing", async () => {
    const { ended, journal, cancel } = restoring(await dumpOf(150), () => cancel());
    expect(await ended).toMatchObject({ message: "cancelled" });
    expect(journal.now).toBe(null);
    await nothingLeft();
  });

  it("that the server has no room for leaves nothing, and says so", async () => {
    const { ended } = restoring(await dumpOf(300), () => {}, null);
    expect(await ended).toMatchObject({
      code: "LOAD_FAILED",
      message: expect.stringContaining("is full"),
      hint: expect.stringContaining("Make room"),
    });
    await nothingLeft();
  });

  it("whose server is killed says what happened, and is put right from its journal when the server is back", async () => {
    const { ended, journal, plan, said } = restoring(await dumpOf(150), () => server.kill());
    expect(await ended).toMatchObject({
      code: "LOAD_FAILED",
      message: expect.stringContaining("2013"),
      hint: expect.stringContaining("server is running"),
    });
    expect(said.at(-1)).toMatch(/^WARN What had been loaded beside the target could not be removed yet: Could not reach/);
    expect(journal.now).toMatchObject({ state: "staging" });
    await server.start();
    sql = await server.connect();
    expect(await leftovers(sql)).toHaveLength(1);
    await recover(plan.restoreId, journal.now as RestoreJournal, plan.target);
    await nothingLeft();
  });
});

it("a statement whose client is gone does not keep its scratch schema from being removed", async () => {
  const restoreId = randomUUID();
  const scratch = `_holdfast_new_${restoreId.slice(0, 8)}`;
  await sql.query(`CREATE DATABASE ${scratch}; CREATE TABLE ${scratch}.items (id int)`);
  const other = await server.connect(scratch);
  const held = other.query("INSERT INTO items SELECT SLEEP(600)").catch((error: unknown) => error);
  await expect
    .poll(async () => (await sql.query<RowDataPacket[]>("SHOW PROCESSLIST"))[0].some(({ State }) => State === "User sleep"))
    .toBe(true);
  await discardScratch(connection, restoreId);
  expect(await held).toMatchObject({ message: expect.stringContaining("onnection") });
  await nothingLeft();
});

it.skipIf(!tiny)("a server that waits for room on its disk is not waited for", async () => {
  const { content, summary } = await dumpOf(40, "ZSTD", `ENGINE=MyISAM DATA DIRECTORY='${tiny}'`);
  await sql.query("CREATE DATABASE waiting");
  const request = { connection, tools, content, tables: null, expected: summary, keysLaterFrom: 0, ...quiet, observe: () => {} };
  const splitter = new DumpSplitter({ rowPerLine: true, tables: null });
  await expect(loadDump(request, "waiting", splitter, { everyMilliseconds: 100 })).rejects.toMatchObject({
    ...{ code: "LOAD_FAILED", reason: "SERVER_FULL", hint: expect.stringContaining("Make room") },
  });
});
