import { randomUUID } from "node:crypto";
import type { Connection as Session } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Connection } from "../../../server/domain/connection.ts";
import type { DatabaseContent } from "../../../server/engine/content.ts";
import { type StageRequest, stageDatabase } from "../../../server/engine/database/scratch.ts";
import { finishDatabase, swapDatabase } from "../../../server/engine/database/swap.ts";
import { findTools } from "../../../server/engine/database/tools.ts";
import { startMariadb, type TestServer } from "../../support/mariadb.ts";
import { leftovers, makeNasty, portrait } from "../../support/nasty.ts";
import { quiet } from "../../support/nasty-backup.ts";
import { takeParallel } from "../../support/parallel-dump.ts";
import { frameOf, storedDumpOf, writtenDump } from "../../support/written-dump.ts";

const tools = await findTools(null);
const shop = "-sho`p ☃; x.y";
const quoted = "`-sho``p ☃; x.y`";

let server: TestServer;
let sql: Session;
let connection: Connection;
let original: Record<string, unknown>;
let content: DatabaseContent;

beforeAll(async () => {
  server = await startMariadb(["--event-scheduler=OFF", "--innodb-flush-method=nosync", "--sync-frm=OFF"]);
  sql = await server.connect();
  await sql.query(`CREATE DATABASE ${quoted} CHARACTER SET utf8mb4`);
  connection = {
    ...{ host: "localhost", port: server.port, user: "root", password: server.password },
    ...{ database: shop, socketPath: server.socketPath, tls: false },
  };
  await makeNasty(connection);
  await sql.query(`USE ${quoted}; ${further}`);
  original = await portrait(sql, shop);
  const { bytes, size, summary } = await takeParallel(connection);
  content = storedDumpOf(bytes, summary, "ZSTD", size).content;
});
afterAll(async () => {
  await sql?.end();
  await server?.stop();
});

/** Keys of all kinds, on tables that are large enough to be put together from several frames. */
const further = `
  SET foreign_key_checks = 0, sql_mode = '';
  CREATE TABLE parent (id int AUTO_INCREMENT PRIMARY KEY, code varchar(40) NOT NULL, body text, at datetime(3), place point NOT NULL,
    twice int GENERATED ALWAYS AS (length(code) * 2) VIRTUAL, UNIQUE KEY code (code), KEY \`co\`\`de, (x)\` (code(5), at DESC) COMMENT 'it''s \\\\ a "key"',
    KEY twice (twice), FULLTEXT KEY words (body), FULLTEXT KEY more_words (code, body), SPATIAL KEY place (place)) AUTO_INCREMENT = 70000;
  INSERT INTO parent (code, body, at, place) SELECT CONCAT('code ', seq), REPEAT(CONCAT('word', seq MOD 97, ' '), 20), NOW(3), POINT(seq, -seq) FROM seq_1_to_20000;
  CREATE TABLE child (parent_code varchar(40) NOT NULL, n int NOT NULL, name varchar(30) CHARACTER SET latin1, PRIMARY KEY (parent_code, n),
    KEY names USING BTREE (name), CONSTRAINT to_parent FOREIGN KEY (parent_code) REFERENCES parent (code) ON DELETE CASCADE ON UPDATE CASCADE);
  INSERT INTO child SELECT CONCAT('code ', seq), seq MOD 7, CONCAT('ü', seq) FROM seq_1_to_20000;
  CREATE TABLE second_counter (a int NOT NULL, id int NOT NULL AUTO_INCREMENT, PRIMARY KEY (a), KEY id (id), KEY a (a, id)) AUTO_INCREMENT = 9;
  INSERT INTO second_counter VALUES (5, 1), (4, 7);
  CREATE TABLE unique_only (a int NOT NULL, b int, UNIQUE KEY a (a), KEY b (b));
  INSERT INTO unique_only SELECT seq, -seq FROM seq_1_to_50;
  CREATE TABLE odd (id int PRIMARY KEY, d date, u uuid, i6 inet6, i4 inet4, f float, f2 float(7,3), b bit(64), y year, t timestamp(6) NULL, KEY (u), KEY (f));
  SET sql_mode = 'ALLOW_INVALID_DATES';
  INSERT INTO odd VALUES (1, '2023-02-31', '123e4567-e89b-12d3-a456-426614174000', '::ffff:10.0.0.1', '10.2.3.4', 0.1, 1234.567, b'1', 0, '2001-02-03 04:05:06.123456'),
    (2, '0000-00-00', NULL, '::', '0.0.0.0', 16777217, -0.001, ~0, 1999, NULL), (3, NULL, NULL, NULL, NULL, 1.17549e-38, NULL, 0, NULL, '1970-01-01 00:00:01');
  SET sql_mode = '', foreign_key_checks = 1`;

async function restore(over: Partial<StageRequest> = {}): Promise<string[]> {
  const said: string[] = [];
  const restoreId = randomUUID();
  const plan = await stageDatabase({
    ...{ connection, tools, content, mode: "REPLACE", tables: null, expected: content.summary, restoreId, keysLaterFrom: 0, ...quiet },
    say: (level, message) => said.push(`${level} ${message}`),
    observe: () => {},
    ...over,
  });
  if (!plan) throw new Error("There was nothing to restore");
  await swapDatabase(connection, tools, plan, quiet);
  await finishDatabase(connection, plan);
  return said;
}

const unlike = (found: Record<string, unknown>) =>
  [...new Set([...Object.keys(original), ...Object.keys(found)])].filter(
    (key) => JSON.stringify(found[key]) !== JSON.stringify(original[key]),
  );

describe("a restore over several connections", () => {
  it("brings a nasty schema back bit for bit, its keys made after the rows", async () => {
    await sql.query(`USE ${quoted}; DELETE FROM child; DROP TABLE no_key`);
    const said = await restore({ limits: { threads: 3, bytesPerSecond: null, lowPriority: true } });
    const found = await portrait(sql, shop);
    expect(Object.fromEntries(unlike(found).map((key) => [key, [original[key], found[key]]]))).toEqual({});
    expect(said.filter((line) => line.startsWith("WARN"))).toEqual([]);
    expect(said.join("\n")).toMatch(/came over 3 connections by LOAD DATA/);
    expect(await leftovers(sql)).toEqual([]);
  });

  it("does the same by INSERT where the server takes no files of its clients", async () => {
    await sql.query("SET GLOBAL local_infile = 0");
    try {
      const said = await restore();
      expect(unlike(await portrait(sql, shop))).toEqual([]);
      expect(said.join("\n")).toMatch(/local_infile is off/);
      // What would be a text of LOAD DATA would here be asked of the server.
      const frame = frameOf("items", "`id`", ["((SELECT MAX(id) FROM mysql.user))"]);
      const created = "CREATE TABLE `items` (`id` int PRIMARY KEY);\n";
      const written = await writtenDump(
        [
          { table: null, rows: null, frames: ["/*!40101 SET NAMES utf8mb4 */;\n"] },
          { table: "items", rows: null, frames: [created] },
          { table: "items", rows: 1, frames: [frame] },
          { table: null, rows: null, frames: ["-- Dump completed\n"] },
        ],
        { items: 1 },
      );
      const asked = restore({ content: written.content, expected: written.summary });
      await expect(asked).rejects.toMatchObject({ code: "ARTIFACT_CORRUPT", reason: "ROWS_ALTERED" });
    } finally {
      await sql.query("SET GLOBAL local_infile = 1");
    }
  });
});
