import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Connection, RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Rewrites } from "../../../server/domain/inspection.ts";
import { findTools } from "../../../server/engine/database/tools.ts";
import { restoreInPlace, restoreStaged } from "../../../server/engine/restore.ts";
import { uploadedContent } from "../../../server/engine/upload/content.ts";
import { freshDatabase } from "../../support/shared-server.ts";
import { inspected, temporaryFolder } from "../../support/uploads.ts";

const tools = await findTools(null);
const quiet = { signal: new AbortController().signal, say: () => {}, report: () => {} };
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

const golden = (name: string) => readFile(join(import.meta.dirname, "../../fixtures/dumps", name));

const rewrites: Rewrites = {
  stripDefiner: true,
  collations: [
    { from: "utf8mb4_0900_ai_ci", to: "utf8mb4_unicode_520_ci" },
    { from: "UTF8MB4_0900_BIN", to: "utf8mb4_bin" },
    { from: "utf8mb4_uca1400_ai_ci", to: "utf8mb4_unicode_ci" },
  ],
};

async function restore(name: string, bytes: Buffer, database: Awaited<ReturnType<typeof freshDatabase>>, staged = true) {
  const file = await inspected(folder.path, name, bytes);
  const content = await uploadedContent([file], rewrites, []);
  const target = { database: { connection: database.connection, tools, make: false }, media: null };
  const plan = {
    restoreId: randomUUID(),
    content,
    target,
    mode: "REPLACE",
    tables: null,
    paths: null,
    journal: async () => {},
    now: () => new Date(),
  } as const;
  const bytesExpected = { before: 0, expected: 1 };
  const result = staged ? await restoreStaged(plan, quiet, bytesExpected) : await restoreInPlace(plan, quiet, bytesExpected);
  return { inspection: file.inspection, result };
}

const rowsOf = async (sql: Connection, query: string) => {
  const [rows] = await sql.query<RowDataPacket[]>({ sql: query, rowsAsArray: true });
  return rows.map((row) => Object.values(row));
};
const shown = async (sql: Connection, query: string) => JSON.stringify((await sql.query<RowDataPacket[]>(query))[0]);

interface Golden {
  readonly file: string;
  readonly version: string;
  readonly tables: Readonly<Record<string, number>>;
  readonly definitions: Readonly<Record<string, number>>;
  readonly findings: readonly string[];
  check(sql: Connection): Promise<void>;
}

const dumps: readonly Golden[] = [
  {
    file: "mysql-5.7.sql",
    version: "5.7.44-log",
    tables: { product: 3 },
    definitions: { views: 1, triggers: 1, procedures: 0, functions: 1, events: 1 },
    findings: ["DEFINER", "EVENTS_DISABLED"],
    async check(sql) {
      expect(await rowsOf(sql, "SELECT name, note FROM product ORDER BY id")).toEqual([
        ['It\'s; a "trap"', "\\! touch /tmp/mark\n\\. file\nsystem ls"],
        ["COLLATE utf8mb4_0900_ai_ci", "USE mysql; /*!50000 GRANT ALL */ -- x"],
        ["DELIMITER ;;", "(1),(2) VALUES `a`"],
      ]);
      const table = await shown(sql, "SHOW CREATE TABLE product");
      expect(table).toContain("x; DROP DATABASE other; --");
      expect(table).toContain("DEFINER=`root`@`%` is a word here");
      expect(
        await rowsOf(sql, "SELECT STATUS, EVENT_COMMENT, EVENT_DEFINITION FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()"),
      ).toEqual([["DISABLED", "ENABLE is a word here", "DELETE FROM product WHERE name = 'ENABLE'"]]);
      const trigger = await shown(sql, "SHOW CREATE TRIGGER product_named");
      expect(trigger).toContain("DEFINER=`root`@`localhost`");
      expect(trigger).toContain("-- DEFINER=`root`@`%` stays in a comment");
      expect(trigger).toContain("'DEFINER=`root`@`%`; unnamed'");
      expect(await shown(sql, "SHOW CREATE VIEW cheap")).toContain("'DEFINER=`a`@`b`'");
      expect(await rowsOf(sql, "SELECT price_of(1), price_of(2)")).toEqual([["1.50", "2.50"]]);
    },
  },
  {
    file: "mysql-8.0-databases.sql",
    version: "8.0.36",
    tables: { customer: 2, visit: 3 },
    definitions: { views: 0, triggers: 0, procedures: 1, functions: 0, events: 0 },
    findings: ["DATABASE_LINES", "DEFINER", "UNKNOWN_COLLATION"],
    async check(sql) {
      expect(await rowsOf(sql, "SELECT name, JSON_VALUE(data, '$.a'), HEX(secret) FROM customer ORDER BY id")).toEqual([
        ["Zoë 🐢 utf8mb4_0900_ai_ci", 'b\\"; USE `mysql`', "000A5C27221A"],
        ["-- Dump completed", null, "00FF27225C"],
      ]);
      expect(
        await rowsOf(sql, "SELECT COLLATION_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND COLUMN_NAME = 'name'"),
      ).toEqual([["utf8mb4_unicode_520_ci"]]);
      expect(await rowsOf(sql, "SELECT DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = DATABASE()")).toEqual([
        ["utf8mb4_unicode_520_ci"],
      ]);
      const procedure = await shown(sql, "SHOW CREATE PROCEDURE greet");
      expect(procedure).toContain("' COLLATE utf8mb4_0900_ai_ci'");
      expect(procedure).toContain("who COLLATE utf8mb4_unicode_520_ci,");
      expect(procedure).toContain("COMMENT 'COLLATE utf8mb4_0900_ai_ci; DEFINER=`x`@`y`'");
      expect(await shown(sql, "SHOW CREATE TABLE visit")).toContain("REFERENCES `customer`");
    },
  },
  {
    file: "mysql-8.4-gtid.sql",
    version: "8.4.3",
    tables: { page: 2 },
    definitions: { views: 0, triggers: 0, procedures: 0, functions: 0, events: 0 },
    findings: ["REPLICATION_LINES", "UNKNOWN_COLLATION"],
    async check(sql) {
      expect(await rowsOf(sql, "SELECT body FROM page ORDER BY id")).toEqual([
        ["SET @@GLOBAL.GTID_PURGED='x';"],
        ["/*M!999999\\- enable the sandbox mode */"],
      ]);
    },
  },
  {
    file: "mariadb-11.8.sql",
    version: "11.8.2-MariaDB-ubu2404",
    tables: { ticket: 1, seat: 2 },
    definitions: { views: 0, triggers: 0, procedures: 0, functions: 0, events: 0 },
    findings: ["SANDBOX_LINE", "UNKNOWN_COLLATION"],
    async check(sql) {
      expect(await rowsOf(sql, "SELECT label, `system` FROM seat ORDER BY id")).toEqual([
        ["A;1", null],
        ["utf8mb4_uca1400_ai_ci", "\\! touch"],
      ]);
      expect(Number((await rowsOf(sql, "SELECT NEXTVAL(ticket)"))[0]?.[0])).toBe(100);
    },
  },
  {
    file: "phpmyadmin.sql",
    version: "10.4.28-MariaDB",
    tables: { post: 2 },
    definitions: { views: 1, triggers: 1, procedures: 1, functions: 0, events: 0 },
    findings: ["NO_TRAILER", "DEFINER"],
    async check(sql) {
      expect(await rowsOf(sql, "SELECT title, body FROM titles JOIN post USING (id, title) ORDER BY id")).toEqual([
        ["What's $$ here", "first\r\nsource /etc/passwd\r\n"],
        ["DELIMITER $$", null],
      ]);
      await sql.query("CALL count_posts(@n)");
      expect((await rowsOf(sql, "SELECT @n"))[0]?.map(Number)).toEqual([2]);
    },
  },
];

describe("dumps as their tools write them", () => {
  it.each(dumps)(
    "reads $file, and restores it with its literals as they are",
    async ({ file, version, tables, definitions, findings, check }) => {
      for (const staged of [true, false]) {
        await using database = await freshDatabase("golden");
        const { inspection, result } = await restore(file, await golden(file), database, staged);
        expect(inspection.findings.map(({ reason }) => reason)).toEqual(findings);
        expect(inspection.format).toBe("sql");
        expect(inspection.database?.serverVersion).toBe(version);
        expect(Object.fromEntries(inspection.database?.tables.map(({ name, rows }) => [name, rows]) ?? [])).toEqual(tables);
        expect(inspection.database?.definitions).toEqual(definitions);
        expect(result.tables).toBe(Object.keys(tables).length);
        await check(database.sql);
      }
      expect(existsSync("/tmp/mark")).toBe(false);
    },
  );

  it.each(dumps)("notices wherever $file is cut", async ({ file }) => {
    const whole = await golden(file);
    // phpMyAdmin marks no end: a cut between two statements is a warning there, and no more can be known.
    const marked = file !== "phpmyadmin.sql";
    const text = whole.toString("latin1");
    const cuts = [
      text.indexOf("CREATE TABLE") + 30,
      text.indexOf("VALUES") + 12,
      ...(marked ? [text.lastIndexOf("-- Dump completed"), text.length - 30] : []),
    ];
    for (const at of cuts) {
      const { inspection } = await inspected(folder.path, file, whole.subarray(0, at));
      expect(
        inspection.findings.map(({ reason, severity }) => `${severity} ${reason}`),
        `${file} at ${at}`,
      ).toContain("REFUSED DUMP_INCOMPLETE");
    }
  });
});
