import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DumpScan } from "../../../server/engine/database/dump-scan.ts";
import { DumpSplitter } from "../../../server/engine/database/scripts.ts";
import { classify } from "../../../server/engine/database/statement-kind.ts";
import { StatementSplitter } from "../../../server/engine/database/statements.ts";

/** The statements that a script splits into, fed in chunks of the given sizes. */
function split(script: Buffer, sizes: readonly number[], rowPerLine = false): { text: string; groups: number }[] {
  const statements: { text: string; groups: number }[] = [];
  let bytes: Buffer[] = [];
  const take = (groups: number) => {
    statements.push({ text: Buffer.concat(bytes).toString("latin1"), groups });
    bytes = [];
  };
  const splitter = new StatementSplitter({ piece: (piece) => bytes.push(Buffer.from(piece)), end: take }, { rowPerLine });
  for (const chunk of chunked(script, sizes)) splitter.feed(chunk);
  if (bytes.length) take(-1);
  return statements;
}

function* chunked(script: Buffer, sizes: readonly number[]): Generator<Buffer> {
  for (let at = 0, turn = 0; at < script.length; turn += 1) {
    const size = sizes.length ? (sizes[turn % sizes.length] ?? 1) : script.length;
    yield script.subarray(at, at + size);
    at += size;
  }
}

const fragments = [
  ..."'\"`\\;-#/*!\n\r\t ()$,aM".split(""),
  ...[
    "--",
    "-- ",
    "/*",
    "*/",
    "/*!50003 ",
    "/*M!100100 ",
    "\nDELIMITER ;;\n",
    "\ndelimiter $$\n",
    "\nDELIMITER ;\n",
    ";;",
    "$$",
    ";\n",
    "''",
    "\\'",
  ],
  ...[
    "INSERT INTO `t` VALUES\n",
    "(1,'a\\nb'),\n",
    "(2,'it\\'s');\n",
    "CREATE TABLE x (a int);",
    "ünï☃",
    "SELECT 'a;b' -- c;\n",
    "Insert",
    "deLIMITER",
  ],
];
const scripts = fc.array(fc.constantFrom(...fragments), { maxLength: 60 }).map((parts) => Buffer.from(parts.join("")));
const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 });

describe("the statement splitter", () => {
  it("gives back the same bytes and the same statements, whatever the chunks are", () => {
    fc.assert(
      fc.property(scripts, sizes, fc.boolean(), (script, pieces, rowPerLine) => {
        const whole = split(script, [], rowPerLine);
        expect(whole.map(({ text }) => text).join("")).toBe(script.toString("latin1"));
        expect(split(script, pieces, rowPerLine)).toEqual(whole);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ["a quoted delimiter", "SELECT ';', \";\", `;`; SELECT 2;", ["SELECT ';', \";\", `;`;", " SELECT 2;"]],
    ["escapes and doubled quotes", "SELECT 'a\\';', 'b'';';SELECT 2;", ["SELECT 'a\\';', 'b'';';", "SELECT 2;"]],
    ["a backslash in backticks", "SELECT `a\\`;SELECT 2;", ["SELECT `a\\`;", "SELECT 2;"]],
    ["comments", "-- a;\n# b;\n/* c; ' */SELECT 1;--not a comment;", ["-- a;\n# b;\n/* c; ' */SELECT 1;", "--not a comment;"]],
    ["two minus signs", "SELECT 1--1;SELECT 2;", ["SELECT 1--1;", "SELECT 2;"]],
    ["code in version comments", "/*!50003 SET @a = ';' */;/*M!1 x */;", ["/*!50003 SET @a = ';' */;", "/*M!1 x */;"]],
    [
      "another delimiter",
      "DELIMITER ;;\nBEGIN a; b; END;;\n  delimiter ;\nSELECT 1;",
      ["DELIMITER ;;\n", "BEGIN a; b; END;;", "\n  delimiter ;\n", "SELECT 1;"],
    ],
    ["a division", "SELECT 4/2;SELECT 4 /2;", ["SELECT 4/2;", "SELECT 4 /2;"]],
    ["the word in the middle of a line", "SELECT 1 delimiter ;\nSELECT 2;", ["SELECT 1 delimiter ;", "\nSELECT 2;"]],
  ])("understands %s", (_name, script, expected) => {
    expect(split(Buffer.from(script), []).map(({ text }) => text)).toEqual(expected);
  });
});

/** An INSERT as the two dump programs write it: mysqldump on one line, mariadb-dump with a line for each row. */
const insert = (rows: readonly string[], separator: string, columns: boolean) =>
  rows.length ? `INSERT INTO \`t\`${columns ? " (`a`, `b`)" : ""} VALUES${columns ? " " : separator}${rows.join(`,${separator}`)};\n` : "";
const values = fc
  .string({ unit: fc.constantFrom(..."'\"\\`(),;\n-#/*aü"), maxLength: 20 })
  .map((text) => `'${text.replace(/[\\'"]/g, "\\$&").replaceAll("\n", "\\n")}'`);

describe("the dump's scan", () => {
  it("counts the rows of both dump programs, whatever the values and the chunks are", () => {
    fc.assert(
      fc.property(fc.array(fc.array(values, { maxLength: 5 }), { maxLength: 4 }), fc.boolean(), sizes, (inserts, columns, pieces) => {
        const count = inserts.flat().length;
        for (const [separator, rowPerLine] of [
          ["", false],
          ["\n", false],
          ["\n", true],
        ] as const) {
          const script = `CREATE TABLE \`t\` (a int);\n${inserts
            .map((rows) =>
              insert(
                rows.map((value) => `(1,${value})`),
                separator,
                columns,
              ),
            )
            .join("")}-- Dump completed\n`;
          const scan = new DumpScan({ rowPerLine });
          for (const chunk of chunked(Buffer.from(script), pieces)) scan.feed(Buffer.from(chunk));
          expect(scan.finish()).toMatchObject({
            tables: [["t", count, expect.any(String)]],
            complete: true,
            bytes: Buffer.byteLength(script),
          });
        }
      }),
      { numRuns: 400 },
    );
  });

  it.each([
    ["no trailer", "CREATE TABLE t (a int);\n", false],
    ["a trailer with a date", "CREATE TABLE t (a int);\n-- Dump completed on 2026-11-22 21:29:47\n", true],
    ["a trailer in a value", "INSERT INTO t VALUES ('\n-- Dump completed\n", false],
    ["something after the trailer", "CREATE TABLE t (a int);\n-- Dump completed\nDROP TABLE t;\n", false],
    ["nothing at all", "", false],
  ])("with %s", (_name, script, complete) => {
    const scan = new DumpScan({ rowPerLine: true });
    scan.feed(Buffer.from(script));
    expect(scan.finish().complete).toBe(complete);
  });
});

describe("what a statement is", () => {
  it.each([
    ["-- c\n\nCREATE TABLE `a``b` (", "table", "a`b", null],
    ["CREATE SEQUENCE `s` start with 1", "table", "s", null],
    ["INSERT INTO `VALUES (` VALUES (1)", "insert", "VALUES (", null],
    ["/*!50001 CREATE VIEW `v` AS SELECT\n 1 AS `a` */", "placeholder", "v", null],
    [
      "/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 DEFINER=`r`@`%` SQL SECURITY DEFINER */\n/*!50001 VIEW `v` AS select 1 */",
      "view",
      "v",
      "`r`@`%`",
    ],
    ["/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 TRIGGER `shop`.tr AFTER", "trigger", "tr", "`root`@`localhost`"],
    ['CREATE DEFINER="root"@"localhost" PROCEDURE "p"()', "procedure", "p", '"root"@"localhost"'],
    ["CREATE DEFINER=`role` FUNCTION `f; '``it`(t text)", "function", "f; '`it", "`role`"],
    ["/*!50106 CREATE*/ /*!50117 DEFINER=`a``b`@`h`*/ /*!50106 EVENT `e` ON", "event", "e", "`a``b`@`h`"],
    ["/*M!999999\\- enable the sandbox mode */ \n-- x\n/*!40101 SET @OLD=@@X */", "set", null, null],
    ["ALTER DATABASE `x` CHARACTER SET latin1", "charset", null, null],
    ["USE `mysql`", "foreign", null, null],
    ["/*!50000 CREATE*/ /*!50000 DATABASE x */", "foreign", null, null],
    ["LOCK TABLES `a` WRITE", "other", null, null],
    ["\n-- the end\n", "blank", null, null],
  ])("%j", (head, kind, name, definer) => {
    expect(classify(head)).toMatchObject({ kind, name, definer });
  });
});

describe("the two scripts of a dump", () => {
  it("keep what gives each its context, and take the name out of the database's character set", async () => {
    const dump = [
      "SET NAMES utf8mb4;\n",
      "CREATE TABLE t (a int);\n",
      "INSERT INTO t VALUES\n(1);\n",
      "SET @cs = 1;\n",
      "ALTER DATABASE `sh``op` CHARACTER SET latin1 COLLATE latin1_swedish_ci ;\n",
      "DELIMITER ;;\n",
      "CREATE TRIGGER shop.x AFTER INSERT ON shop.t FOR EACH ROW BEGIN INSERT INTO t VALUES\n(1); END;;\n",
      "DELIMITER ;\n",
      "/*!50001 DROP VIEW IF EXISTS `v`*/;\n",
      "/*!50001 CREATE VIEW `v` AS SELECT 1 AS `a` */;\n",
      "-- Dump completed\n",
    ];
    const splitter = new DumpSplitter();
    let tables = "";
    for await (const piece of splitter.tables(
      (async function* () {
        yield Buffer.from(dump.join(""));
      })(),
    ))
      tables += piece;
    expect(tables.replaceAll(/\n+/g, "\n")).toBe(
      [
        "SET NAMES utf8mb4;",
        "CREATE TABLE t (a int);",
        "INSERT INTO t VALUES\n(1);",
        "SET @cs = 1;",
        "DELIMITER ;;",
        "DELIMITER ;",
        "-- Dump completed\n",
      ].join("\n"),
    );
    const definitions = splitter.definitions().toString();
    expect(definitions).toContain("ALTER DATABASE CHARACTER SET latin1");
    for (const part of [0, 3, 5, 6, 7, 8, 9]) expect(definitions).toContain(dump[part]?.trim());
    expect(definitions).not.toContain("CREATE TABLE");
    expect([...splitter.rows]).toEqual([["t", 1]]);
  });
});
