import type { RowDataPacket } from "mysql2";
import type { Connection } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findRestore, writeJournal } from "../../server/db/restores.ts";
import type { BackupId, SourceId } from "../../server/domain/ids.ts";
import type { RestoreJournal } from "../../server/domain/restore.ts";
import { stageDatabase } from "../../server/engine/database/scratch.ts";
import { swapDatabase } from "../../server/engine/database/swap.ts";
import type { RestoreRequest } from "../../server/services/restore-request.ts";
import { freshAccount } from "../support/accounts.ts";
import { startMariadb, type TestServer } from "../support/mariadb.ts";
import { quiet } from "../support/nasty-backup.ts";
import { freshDatabase, sharedConnection } from "../support/shared-server.ts";
import { administrator, type Wired, wired } from "../support/wired.ts";

let server: TestServer;
let sql: Connection;
let holdfast: Wired;
let sourceId: SourceId;
let backups: Record<"PARALLEL" | "MYSQLDUMP", BackupId>;

beforeAll(async () => {
  [holdfast, server] = await Promise.all([
    wired(new Date()),
    startMariadb(["--log-bin=binlog", "--server-id=1", "--log-bin-trust-function-creators=1"]),
  ]);
  sql = await server.connect();
  await sql.query(
    `CREATE DATABASE shop; USE shop; CREATE TABLE kinds (id int PRIMARY KEY);
     CREATE TABLE goods (id int AUTO_INCREMENT PRIMARY KEY, kind int, name varchar(50), KEY name (name), FOREIGN KEY (kind) REFERENCES kinds (id));
     INSERT INTO kinds VALUES (1); INSERT INTO goods (kind, name) SELECT 1, CONCAT('a name ', seq) FROM seq_1_to_2000;
     CREATE VIEW names AS SELECT name FROM goods; CREATE FUNCTION one () RETURNS int RETURN 1;
     CREATE TRIGGER on_goods BEFORE INSERT ON goods FOR EACH ROW SET NEW.id = NEW.id`,
  );
  sourceId = await sourceOf("Shop", { socketPath: server.socketPath, user: "root", password: server.password });
  backups = { PARALLEL: await backUp("PARALLEL"), MYSQLDUMP: await backUp("MYSQLDUMP") };
});
afterAll(async () => {
  await sql?.end();
  await holdfast?.[Symbol.asyncDispose]();
  await server?.stop();
});

async function sourceOf(name: string, account: { socketPath: string | null; user: string; password: string }, database = "shop") {
  const { services } = holdfast.app;
  return (await services.sources.create(administrator, { name, mediaPaths: [], database: { database, ...account } })).id;
}

async function backUp(databaseEngine: "PARALLEL" | "MYSQLDUMP", from = sourceId): Promise<BackupId> {
  const { services } = holdfast.app;
  const { id } = await services.backups.create(administrator, { type: "DATABASE", sourceId: from, databaseEngine }, "MANUAL");
  await holdfast.performAll();
  expect(await services.backups.existing(id)).toMatchObject({ status: "COMPLETED", engineUsed: databaseEngine });
  return id;
}

/** Where the server's binary log stands. */
async function logged() {
  const [[row]] = await sql.query<RowDataPacket[]>("SHOW MASTER STATUS");
  return `${row?.File} ${row?.Position}`;
}

async function restored(request: Omit<RestoreRequest, "type"> & { type?: "DATABASE" }) {
  const { services } = holdfast.app;
  const { id } = await services.restores.create(administrator, { type: "DATABASE", ...request });
  await holdfast.performAll();
  return services.restores.existing(id);
}

/** What is in the database, and that nothing lies beside it. */
async function whole() {
  const [rows] = await sql.query(
    "SELECT COUNT(*) AS goods, MAX(name) AS last, (SELECT COUNT(*) FROM shop.names) AS seen, shop.one() AS one FROM shop.goods",
  );
  expect(rows).toEqual([{ goods: 2000, last: "a name 999", seen: 2000, one: 1 }]);
  const [beside] = await sql.query("SHOW DATABASES LIKE '\\_holdfast%'");
  expect(beside).toEqual([]);
}

describe("a restore that stays out of the binary log", () => {
  it.each([
    ["PARALLEL", "staged", { staged: true }],
    ["MYSQLDUMP", "staged", { staged: true }],
    ["PARALLEL", "in place", { staged: false }],
    ["PARALLEL", "into another database", { targetDatabase: "other", backupBeforeRestore: false }],
  ] as const)("leaves no trace of a %s backup there, %s; staged without the wish, all of it is there", async (engine, _how, how) => {
    const backupId = backups[engine];
    const before = await logged();
    expect(await restored({ backupId, ...how, skipBinaryLog: true })).toMatchObject({ status: "COMPLETED", skipBinaryLog: true });
    expect(await logged()).toBe(before);
    await whole();
    await sql.query("DROP DATABASE IF EXISTS other");
    if (!("staged" in how && how.staged)) return;
    const [file, position] = (await logged()).split(" ");
    expect(await restored({ backupId, ...how })).toMatchObject({ status: "COMPLETED", skipBinaryLog: false });
    const [events] = await sql.query<RowDataPacket[]>(`SHOW BINLOG EVENTS IN '${file}' FROM ${position}`);
    const text = JSON.stringify(events);
    // Never half of it: with the rows the tables that they are in.
    const all = [/CREATE TABLE/, /Table_map|INSERT INTO `goods`/, /CREATE \S+ TRIGGER/, /FUNCTION `one`/, /VIEW `names`/];
    expect(all.filter((each) => !each.test(text))).toEqual([]);
    await whole();
  });

  it.each(["swapping", "committed"] as const)("stays out of it when it is put right after a crash while %s", async (state) => {
    const { services, catalog } = holdfast.app;
    const request = { backupId: backups.PARALLEL, type: "DATABASE", skipBinaryLog: true, backupBeforeRestore: false } as const;
    const { restore, target } = await services.restores.look(administrator, request);
    const { id } = await services.restores.create(administrator, request);
    const [before, content] = [await logged(), restore.content.database];
    if (!content || !target?.database) throw new Error("There is no database to restore");
    const staged = { ...target.database, content, expected: content.summary, mode: "REPLACE", tables: null, restoreId: id } as const;
    const plan = await stageDatabase({ ...staged, ...quiet, observe: () => {} });
    if (!plan) throw new Error("There was nothing to restore");
    await swapDatabase(target.database.connection, target.database.tools, plan, quiet);
    await writeJournal(catalog.db, id, { state, database: plan, media: null, made: false } satisfies RestoreJournal);
    await services.restores.settle(id);
    expect((await findRestore(catalog.db, id))?.journal).toBeNull();
    await whole();
    expect(await logged()).toBe(before);
    await holdfast.cancelAll();
  });

  const unlogged = (targetSourceId: SourceId) =>
    ({ backupId: backups.PARALLEL, type: "DATABASE", targetSourceId, skipBinaryLog: true, backupBeforeRestore: false }) as const;

  it("is refused, before anything is touched, to an account that may not, and begins once it may", async () => {
    const { services } = holdfast.app;
    const base = { ...sharedConnection("shop"), socketPath: server.socketPath };
    const rights = ["ALL ON shop.*", "ALL ON `\\_holdfast\\_%`.*", "SELECT ON mysql.proc", "SET USER ON *.*"];
    await using account = await freshAccount(sql, base, rights);
    const { socketPath, user, password } = account.connection;
    const targetSourceId = await sourceOf("Limited", { socketPath, user, password });
    const request = unlogged(targetSourceId);
    const denied = {
      code: "SOURCE_UNAVAILABLE",
      reason: "BINARY_LOG_DENIED",
      hint: expect.stringContaining("GRANT BINLOG ADMIN ON *.* TO"),
    };
    expect((await services.restores.look(administrator, request)).problems).toMatchObject([denied]);
    await expect(services.restores.create(administrator, request)).rejects.toMatchObject(denied);
    const hint = (await services.restores.look(administrator, request)).problems[0]?.hint ?? "";
    await sql.query(/GRANT .+? TO '[^']+'@'[^']+';/.exec(hint)?.[0] ?? "");
    expect((await services.restorePlans.forecast(administrator, request)).notes).toEqual([
      expect.stringMatching(/replicas of that server do not get it/),
    ]);
    const before = await logged();
    expect(await restored(request)).toMatchObject({ status: "COMPLETED" });
    expect(await logged()).toBe(before);
  });

  it("has nothing to leave out where the server keeps no binary log, and is refused where no database is restored", async () => {
    const { services } = holdfast.app;
    await using other = await freshDatabase("unlogged");
    await using account = await freshAccount(other.sql, other.connection, [
      `ALL ON ${other.name}.*`,
      "ALL ON `\\_holdfast\\_%`.*",
      "SELECT ON mysql.proc",
      "SET USER ON *.*",
    ]);
    const { socketPath, user, password } = account.connection;
    const targetSourceId = await sourceOf("Unlogged", { socketPath, user, password }, other.name);
    const request = unlogged(targetSourceId);
    const plan = await services.restorePlans.forecast(administrator, request);
    expect(plan).toMatchObject({ problems: [], notes: [expect.stringMatching(/keeps no binary log/)] });
    expect(await restored(request)).toMatchObject({ status: "COMPLETED" });
    const media = { backupId: backups.PARALLEL, type: "MEDIA", skipBinaryLog: true } as const;
    expect((await services.restores.look(administrator, media)).problems).toContainEqual(
      expect.objectContaining({ code: "BAD_USER_INPUT", message: expect.stringContaining("binary log") }),
    );
  });
});
