import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import type { RowDataPacket } from "mysql2/promise";
import { describe, expect, it } from "vitest";
import { Failure } from "../../../server/domain/errors.ts";
import { type BundleEntry, bundle } from "../../../server/engine/bundle.ts";
import { runScript } from "../../../server/engine/database/restricted-client.ts";
import { findTools } from "../../../server/engine/database/tools.ts";
import { inspectUpload } from "../../../server/engine/upload/inspect.ts";
import { SqlInspector } from "../../../server/engine/upload/sql-inspector.ts";
import { rewritten } from "../../../server/engine/upload/sql-rewrite.ts";
import { freshAccount } from "../../support/accounts.ts";
import { freshDatabase } from "../../support/shared-server.ts";
import { inspected, temporaryFolder } from "../../support/uploads.ts";

const mark = join(tmpdir(), `holdfast-mark-${process.pid}`);
const table = "CREATE TABLE `t` (`a` int, `b` text);\n";
/** `table` is line 1. */
const after = (sql: string) => table + sql;

type Case = readonly [what: string, sql: string, reason: string, line: number];

const clientCommands: readonly Case[] = [
  ["a shell command at a line's start", after(`\\! touch ${mark}\n`), "SQL_CLIENT_COMMAND", 2],
  ["one with CRLF", table.replace("\n", "\r\n").concat(`\\! touch ${mark}\r\n`), "SQL_CLIENT_COMMAND", 2],
  ["one behind a byte order mark", `\uFEFF\\! touch ${mark}\n${table}`, "SQL_CLIENT_COMMAND", 1],
  ["one within a statement", after(`INSERT INTO t\n\\! touch ${mark}\nVALUES (1,'');\n`), "SQL_CLIENT_COMMAND", 3],
  ["one among rows", after(`INSERT INTO t VALUES (1,'a'),\n(2, \\! touch ${mark}\n'b');\n`), "SQL_CLIENT_COMMAND", 3],
  ["one in a versioned comment", after(`/*!50000 \n\\! touch ${mark}\n */;\n`), "SQL_CLIENT_COMMAND", 3],
  ["one in a comment of MariaDB's versions", after(`/*M!100000 \n\\! touch ${mark}\n */;\n`), "SQL_CLIENT_COMMAND", 3],
  ["one behind DELIMITER", after(`DELIMITER ;;\n\\! touch ${mark}\n;;\nDELIMITER ;\n`), "SQL_CLIENT_COMMAND", 3],
  ["one behind a quote that DELIMITER made", after(`DELIMITER '\n\\! touch ${mark}\n`), "SQL_CLIENT_COMMAND", 2],
  ["one in a routine's body", after("DELIMITER ;;\nCREATE PROCEDURE p() BEGIN\n\\! touch x\nEND;;\n"), "SQL_CLIENT_COMMAND", 4],
  ["a file read in", after("\\. /etc/passwd\n"), "SQL_CLIENT_COMMAND", 2],
  ["a tee", after(`\\T ${mark}\n`), "SQL_CLIENT_COMMAND", 2],
  ["another connection", after("\\r other localhost\n"), "SQL_CLIENT_COMMAND", 2],
  ...[
    `system touch ${mark}`,
    `SYSTEM touch ${mark}`,
    "source /etc/passwd",
    `tee ${mark}`,
    "pager cat",
    "edit",
    "connect mysql localhost",
  ].map((line): Case => [`the command ${line.split(" ")[0]}`, after(`${line}\n`), "SQL_CLIENT_COMMAND", 2]),
  ["a command in front of all", `  -- a comment\n\nsystem touch ${mark}\n${table}`, "SQL_CLIENT_COMMAND", 3],
  ["DELIMITER within a statement", after("CREATE TABLE u (delimiter int, a int);\n"), "SQL_CLIENT_COMMAND", 2],
];

const otherDatabases: readonly Case[] = [
  ["USE of the system's", after("USE mysql;\n"), "SQL_OTHER_DATABASE", 2],
  ["USE of it in a versioned comment", after("/*!40000 USE mysql */;\n"), "SQL_OTHER_DATABASE", 2],
  ["a second database", "CREATE DATABASE a; USE a;\nCREATE TABLE x (a int);\nCREATE DATABASE b; USE b;\n", "SQL_OTHER_DATABASE", 3],
  ["DROP DATABASE", after("DROP DATABASE neighbour;\n"), "SQL_OTHER_DATABASE", 2],
  ["DROP DATABASE in a versioned comment", after("/*!99999 DROP DATABASE neighbour */;\n"), "SQL_OTHER_DATABASE", 2],
  ["rows for a table elsewhere", after("INSERT INTO neighbour.t VALUES (1,'');\n"), "SQL_OTHER_DATABASE", 2],
  ["rows for a quoted one", after("INSERT INTO `mysql` . `user` VALUES (1,'');\n"), "SQL_OTHER_DATABASE", 2],
  ["a table elsewhere", after("CREATE TABLE neighbour.x (a int);\n"), "SQL_OTHER_DATABASE", 2],
  [
    "a trigger on a table elsewhere",
    after("CREATE TRIGGER x BEFORE INSERT ON neighbour.t FOR EACH ROW SET @a = 1;\n"),
    "SQL_OTHER_DATABASE",
    2,
  ],
  ["DROP TABLE elsewhere", after("DROP TABLE t, `neighbour`.`t`;\n"), "SQL_OTHER_DATABASE", 2],
  ["ALTER TABLE elsewhere", after("ALTER TABLE neighbour.t ADD x int;\n"), "SQL_OTHER_DATABASE", 2],
  ["a reference to a table elsewhere", after("ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES neighbour.t (a);\n"), "SQL_OTHER_DATABASE", 2],
  ["a body that writes to the system", after("CREATE PROCEDURE p() UPDATE mysql.user SET x = 1;\n"), "SQL_OTHER_DATABASE", 2],
];

const notAllowed: readonly Case[] = [
  ...[
    "CREATE USER x IDENTIFIED BY 'y'",
    "GRANT ALL ON *.* TO x",
    "REVOKE ALL ON *.* FROM x",
    "SET GLOBAL general_log_file = '/tmp/x'",
    "SET @@GLOBAL.event_scheduler = ON",
    "SET PERSIST max_connections = 1",
    "SET PASSWORD = 'x'",
    "SET a = 1, GLOBAL event_scheduler = ON",
    "SET max_statement_time = 1",
    "SET NAMES gbk",
    "SET character_set_client = 'sjis'",
    "SET sql_mode = CONCAT(@@sql_mode, ',NO_BACKSLASH_ESCAPES')",
    "SET sql_mode = @unknown",
    "INSTALL PLUGIN x SONAME 'x.so'",
    "INSTALL SONAME 'x'",
    "CREATE FUNCTION sys_exec RETURNS STRING SONAME 'udf.so'",
    "SHUTDOWN",
    "KILL 1",
    "FLUSH TABLES WITH READ LOCK",
    "SELECT 1 INTO OUTFILE '/tmp/x'",
    "SELECT * FROM t INTO DUMPFILE '/tmp/x'",
    "LOAD DATA INFILE '/etc/passwd' INTO TABLE t",
    "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE t",
    "INSERT INTO t SELECT 1, LOAD_FILE('/etc/passwd')",
    "INSERT INTO t VALUES (1, LOAD_FILE('/etc/passwd'))",
    "INSERT INTO t VALUES (1, (SELECT password FROM mysql.user))",
    "INSERT INTO t VALUES (SLEEP(1e9), '')",
    "INSERT INTO t VALUES (BENCHMARK(1e9, 1), '')",
    "INSERT INTO t VALUES (`sys`.`f`(1), '')",
    "INSERT INTO t VALUES (@@datadir, '')",
    "INSERT INTO t VALUES (1, /*!99999 ' */ 'x')",
    "DO SLEEP(1e9)",
    "SELECT SLEEP(1e9)",
    "CALL p()",
    "PREPARE x FROM 'DROP TABLE t'",
    "HANDLER t OPEN",
    "DELETE FROM t",
    "UPDATE t SET a = 1",
    "RENAME TABLE t TO neighbour.t",
    "ALTER TABLE t RENAME TO neighbour.t",
    "ALTER TABLE t DISCARD TABLESPACE",
    "CREATE TABLE u (a int) DATA DIRECTORY='/tmp'",
    "CREATE TABLE u (a int) INDEX DIRECTORY = '/tmp'",
    "CREATE TABLE u (a int) PARTITION BY RANGE (a) (PARTITION p VALUES LESS THAN (1) DATA DIRECTORY = '/tmp')",
    "CREATE TABLE u (a int) ENGINE=FEDERATED CONNECTION='mysql://x@y/z/t'",
    "CREATE TABLE u (a int) ENGINE = CONNECT table_type=DOS file_name='/etc/passwd'",
    "CREATE TABLE u (a int) ENGINE=`SPIDER`",
    "CREATE TABLE u SELECT * FROM mysql.user",
    "CREATE TABLE u LIKE mysql.user",
    "CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'x')",
    "CREATE VIEW v AS SELECT LOAD_FILE('/etc/passwd')",
    "CREATE EVENT e ON SCHEDULE EVERY 1 SECOND DO GRANT ALL ON *.* TO x",
    "CREATE PROCEDURE p() BEGIN SET GLOBAL event_scheduler = ON",
    "ALTER DATABASE x UPGRADE DATA DIRECTORY NAME",
  ].map((sql): Case => [sql, after(`${sql};\n`), "SQL_NOT_ALLOWED", 2]),
  ...["50000", "99999", "", "100000", "080000"].map(
    (version): Case => [
      `GRANT in a comment of version ${version}`,
      after(`/*!${version} GRANT ALL ON *.* TO x */;\n`),
      "SQL_NOT_ALLOWED",
      2,
    ],
  ),
  ["GRANT between comments that are no versions", after("GR/**/ANT ALL ON *.* TO x;\n"), "SQL_NOT_ALLOWED", 2],
  [
    "GRANT behind a comment that hides its end in quotes",
    after("/*!99999 ' */; GRANT ALL ON *.* TO x; /*!99999 ' */;\n"),
    "SQL_NOT_ALLOWED",
    2,
  ],
  ["GRANT behind one that hides it in a line's comment", after("/*!99999 -- */; GRANT ALL ON *.* TO x;\n*/;\n"), "SQL_NOT_ALLOWED", 2],
  ["GRANT behind a routine's body", after("DELIMITER ;;\nCREATE PROCEDURE p() SELECT 1;\nGRANT ALL ON *.* TO x;;\n"), "SQL_NOT_ALLOWED", 4],
  [
    "GRANT behind a body of blocks",
    after("DELIMITER ;;\nCREATE PROCEDURE p() BEGIN SELECT 1 AS begin; END; GRANT ALL ON *.* TO x;;\n"),
    "SQL_NOT_ALLOWED",
    3,
  ],
  [
    "UPDATE behind a body that names a column begin",
    after("DELIMITER ;;\nCREATE PROCEDURE p() SELECT 1 begin; UPDATE t SET a = 1;;\n"),
    "SQL_NOT_ALLOWED",
    3,
  ],
  [
    "a statement hidden from escapes",
    after("SET sql_mode = 'NO_BACKSLASH_ESCAPES';\nINSERT INTO t VALUES (1,'\\'); GRANT ALL ON *.* TO x; -- ');\n"),
    "SQL_NOT_ALLOWED",
    3,
  ],
  [
    "a name hidden from ANSI quotes",
    after('SET sql_mode = \'ANSI\';\nINSERT INTO t VALUES (1,"\\"); GRANT ALL ON *.* TO x; -- ");\n'),
    "SQL_NOT_ALLOWED",
    3,
  ],
];

const elsewhere: readonly Case[] = [
  ["a cut literal", after("INSERT INTO t VALUES (1,'abc"), "DUMP_INCOMPLETE", 2],
  ["a cut statement", after("INSERT INTO t VALUES (1,'abc')"), "DUMP_INCOMPLETE", 2],
  ["a cut comment", after("/* abc"), "DUMP_INCOMPLETE", 2],
  ["rows without their table", "INSERT INTO t VALUES (1);\n", "TABLE_MISSING", 1],
  ["other text", "Dear all,\nplease find attached\n", "NOT_A_MYSQL_DUMP", 1],
  ["a statement of 17 MB that is no INSERT", after(`CREATE TABLE u (a int COMMENT '${"x".repeat(17e6)}');\n`), "STATEMENT_TOO_LARGE", 2],
];

const cases = [...clientCommands, ...otherDatabases, ...notAllowed, ...elsewhere];

function inspect(sql: string, step = 1e9) {
  const inspector = new SqlInspector();
  const bytes = Buffer.from(sql);
  for (let at = 0; at < bytes.length; at += step) inspector.feed(bytes.subarray(at, at + step));
  return inspector.finish();
}

async function rewrite(sql: string | Buffer, step = 1e9) {
  const bytes = Buffer.from(sql);
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += step) pieces.push(bytes.subarray(at, at + step));
  const out: Buffer[] = [];
  for await (const piece of rewritten(Readable.from(pieces), { stripDefiner: true, collations: [{ from: "a_ci", to: "b_ci" }] }))
    out.push(piece);
  return Buffer.concat(out).toString();
}

describe("SQL of a stranger", () => {
  it.each(cases)("refuses %s", async (_what, sql, reason, line) => {
    const { findings } = inspect(sql);
    expect(findings.find(({ severity }) => severity === "REFUSED")).toMatchObject({ reason, line, hint: expect.stringMatching(/\S/) });
    // Whatever the chunks are.
    if (sql.length < 1e6) for (const step of [1, 3]) expect(inspect(sql, step)).toEqual(inspect(sql));
    // And on its way into a database once more, for what the inspection did not see.
    if (reason.startsWith("SQL_NOT") || reason.startsWith("SQL_CLIENT")) await expect(rewrite(sql)).rejects.toBeInstanceOf(Failure);
  });

  it("is stopped by the client and the account alone, should the inspection ever miss it", async () => {
    await using database = await freshDatabase("wall");
    await using neighbour = await freshDatabase("neighbour");
    await neighbour.sql.query("CREATE TABLE t (a int, b text); INSERT INTO t VALUES (7, 'untouched')");
    await using scoped = await freshAccount(database.sql, database.connection, [`ALL ON \`${database.name}\`.*`]);
    const tools = await findTools(null);
    const signal = AbortSignal.timeout(100_000);
    for (const [, sql] of [...clientCommands, ...otherDatabases]) {
      await database.sql.query("DROP TABLE IF EXISTS t, u");
      const own = sql.replaceAll("neighbour", neighbour.name);
      await runScript({ connection: scoped.connection, tools, schema: database.name, signal }, Readable.from([Buffer.from(own)])).catch(
        () => {},
      );
    }
    expect(existsSync(mark)).toBe(false);
    const [rows] = await neighbour.sql.query<RowDataPacket[]>("SELECT * FROM t");
    expect(rows).toEqual([{ a: 7, b: "untouched" }]);
    const [tables] = await neighbour.sql.query<RowDataPacket[]>("SHOW TABLES");
    expect(tables.length).toBe(1);
  });

  it("keeps literals, names and comments byte for byte, with every word in them that means something outside", async () => {
    const triggers = [
      "\\! touch x",
      "DEFINER=`a`@`b`",
      "COLLATE a_ci",
      "USE mysql;",
      "*/",
      "/*!50000 GRANT */",
      "--",
      "#",
      "DELIMITER ;;",
      "';",
      '"',
      "`",
      "\n",
      "\\",
      "\0",
      "é🐢",
      "SET GLOBAL x=1;",
      "ENABLE",
      "other.t",
      "VALUES (1)",
    ];
    const text = fc
      .array(fc.oneof(fc.constantFrom(...triggers), fc.string({ unit: "binary", maxLength: 6 })), { maxLength: 8 })
      .map((parts) => parts.join(" "));
    const quoted = (value: string) => `'${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'").replaceAll("\0", "\\0")}'`;
    const doubled = (value: string) => `'${value.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
    const named = (value: string) => `\`${value.replaceAll("`", "``").replaceAll("\0", "") || "x"}\``;
    await fc.assert(
      fc.asyncProperty(text, text, text, fc.integer({ min: 1, max: 200 }), async (a, b, c, step) => {
        const dump = [
          `CREATE TABLE ${named(c)} (${named(a)} text DEFAULT ${quoted(b)} COMMENT ${doubled(c)});`,
          `INSERT INTO ${named(c)} VALUES (${quoted(a)}),(${doubled(b)}),(NULL),(0x00ff),(-1.5e3);`,
          `CREATE EVENT ${named(b)} ON SCHEDULE EVERY 1 DAY DISABLE COMMENT ${quoted(a)} DO SET @a = ${doubled(b)};`,
          "",
        ].join("\n");
        expect(await rewrite(dump, step)).toBe(`SET SESSION sql_mode='NO_AUTO_VALUE_ON_ZERO';\n${dump}`);
        const { findings, database } = inspect(dump, step);
        expect(findings.filter(({ severity }) => severity === "REFUSED")).toEqual([]);
        expect(database?.tables).toMatchObject([{ rows: 5 }]);
      }),
      { numRuns: 300 },
    );
  });
});

describe("files of a stranger", () => {
  const utf16 = Buffer.from(`\uFEFF${table}`, "utf16le");
  const other: readonly (readonly [what: string, bytes: Buffer | string, reason: string])[] = [
    ["an empty gzip", gzipSync(""), "EMPTY_DUMP"],
    ["comments only", "-- nothing\n/* here */\n", "EMPTY_DUMP"],
    ["PostgreSQL's text", "--\n-- PostgreSQL database dump\n--\nSET statement_timeout = 0;\n", "NOT_A_MYSQL_DUMP"],
    ["PostgreSQL's own format", "PGDMP\x01\x0e", "NOT_A_MYSQL_DUMP"],
    ["an SQLite database", "SQLite format 3\0", "NOT_A_MYSQL_DUMP"],
    ["an SQLite dump", "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n", "NOT_A_MYSQL_DUMP"],
    ["a web page", "<!DOCTYPE html>\n<title>Sign in</title>", "NOT_A_MYSQL_DUMP"],
    ["JSON", '{"error": "not found"}', "NOT_A_MYSQL_DUMP"],
    ["UTF-16", utf16, "NOT_A_MYSQL_DUMP"],
    ["bytes", Buffer.from([0, 1, 2, 3, 255, 254, 0, 0, 9]), "NOT_A_MYSQL_DUMP"],
    ["a file encrypted with age", "age-encryption.org/v1\n-> X25519 abc\n", "ENCRYPTED"],
    ["the same as text", "-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n", "ENCRYPTED"],
    ["a gzip in a gzip", gzipSync(gzipSync(table)), "NESTED_COMPRESSION"],
    ["a zstd in a gzip", gzipSync(zstdCompressSync(table)), "NESTED_COMPRESSION"],
    ["a cut gzip", gzipSync(table.repeat(500)).subarray(0, -9), "ARCHIVE_CORRUPT"],
    ["a flipped gzip", flipped(gzipSync(table.repeat(500)), -6), "ARCHIVE_CORRUPT"],
    ["a gzip with a tail of garbage", Buffer.concat([gzipSync(table), Buffer.from("garbage")]), "ARCHIVE_CORRUPT"],
    ["a cut zstd", zstdCompressSync(table.repeat(500)).subarray(0, -3), "ARCHIVE_CORRUPT"],
    ["a zstd with a tail of garbage", Buffer.concat([zstdCompressSync(table), Buffer.from("garbage")]), "ARCHIVE_CORRUPT"],
    ["a zstd with a window of 2 GiB", Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x01, 0x00, 0x00]), "UNPACKED_TOO_LARGE"],
    ["more than fits", gzipSync(Buffer.alloc(3_000_000, "-- x\n")), "UNPACKED_TOO_LARGE"],
  ];

  it.each(other)("refuses %s", async (_what, bytes, reason) => {
    await using folder = await temporaryFolder();
    const { inspection } = await inspected(folder.path, "dump.sql", bytes, 1_000_000);
    expect(inspection.findings.map((finding) => finding.reason)).toContain(reason);
    expect(inspection.findings.some(({ severity }) => severity === "REFUSED")).toBe(true);
  });

  it("goes by the content, and says so where the name promises something else", async () => {
    await using folder = await temporaryFolder();
    const packed = [
      ["dump.sql", gzipSync(table), "sql.gz", true],
      ["dump.sql.gz", zstdCompressSync(table), "sql.zst", true],
      ["dump.gz", Buffer.concat([gzipSync(table), gzipSync("INSERT INTO t VALUES (1,'a');\n")]), "sql.gz", false],
      ["dump", Buffer.from(table), "sql", false],
    ] as const;
    for (const [name, bytes, format, misnamed] of packed) {
      const { path } = await inspected(folder.path, name, bytes);
      const inspection = await inspectUpload({ path, filename: name, roomBytes: 1e9 }, AbortSignal.timeout(60_000));
      expect(inspection.format).toBe(format);
      expect(
        inspection.findings.some(({ reason }) => reason === "TYPE_MISMATCH"),
        name,
      ).toBe(misnamed);
      expect(inspection.database?.tables.map((each) => each.name)).toEqual(["t"]);
    }
  });
});

describe("a forged download of Holdfast", () => {
  const manifestFor = (sql: Buffer) => ({
    ...{ format: 1, generator: "holdfast", id: "0a1b2c3d-0000-4000-8000-000000000000", name: "Forged", description: null },
    ...{ type: "DATABASE", trigger: "MANUAL", source: { id: "shop", name: "Shop" }, compression: "NONE", encrypted: false },
    ...{ excludeLogs: true, createdAt: "2026-11-22T03:00:00.000Z", startedAt: "2026-11-22T03:00:00.000Z" },
    finishedAt: "2026-11-22T03:00:01.000Z",
    artifacts: [
      {
        name: "database.sql",
        part: "database",
        size: sql.length,
        storedSize: sql.length,
        sha256: createHash("sha256").update(sql).digest("hex"),
      },
    ],
    database: {
      ...{ name: "shop", flavour: "mariadb", serverVersion: "10.11.9", characterSet: "utf8mb4", collation: "utf8mb4_general_ci" },
      tables: [{ name: "t", rows: 0, engine: "InnoDB", bytes: 0 }],
      definitions: { views: 0, triggers: 0, procedures: 0, functions: 0, events: 0 },
      ...{ dataBytes: 0, notes: [] },
    },
    ...{ media: null, restoreCommands: [] },
  });
  const fileOf = (name: string, bytes: Buffer): BundleEntry => ({
    ...{ name: `shop-2026/${name}`, size: bytes.length, mtime: new Date(0) },
    open: async ({ start, end }) => Readable.from([bytes.subarray(start, end + 1)]),
  });
  const tarOf = (sql: Buffer, manifest: object) => {
    const tar = bundle([fileOf("manifest.json", Buffer.from(JSON.stringify(manifest))), fileOf("database.sql", sql)]);
    return buffer(Readable.from(tar.read(0, tar.size - 1, new AbortController().signal)));
  };
  const good = Buffer.from(table);
  const bad = Buffer.from(after("GRANT ALL ON *.* TO x;\n"));
  const forged: readonly (readonly [what: string, sql: Buffer, manifest: object, reason: string | null])[] = [
    ["nothing wrong", good, manifestFor(good), null],
    ["SQL that no dump holds", bad, manifestFor(bad), "SQL_NOT_ALLOWED"],
    ["another dump than its manifest's", bad, manifestFor(good), "ARCHIVE_CORRUPT"],
    ["a manifest of the future", good, { ...manifestFor(good), format: 2 }, "MANIFEST_INVALID"],
    [
      "an artifact that climbs out",
      good,
      { ...manifestFor(good), artifacts: [{ ...manifestFor(good).artifacts[0], name: "../x" }] },
      "MANIFEST_INVALID",
    ],
    [
      "an artifact that is missing",
      good,
      { ...manifestFor(good), artifacts: [{ ...manifestFor(good).artifacts[0], name: "other.sql" }] },
      "MANIFEST_INVALID",
    ],
  ];

  it.each(forged)("with %s is judged like any upload", async (_what, sql, manifest, reason) => {
    await using folder = await temporaryFolder();
    const { inspection } = await inspected(folder.path, "backup.tar", await tarOf(sql, manifest));
    const refusals = inspection.findings.filter(({ severity }) => severity === "REFUSED").map((finding) => finding.reason);
    if (reason === null) expect([inspection.format, refusals]).toEqual(["holdfast", []]);
    else expect(refusals).toContain(reason);
  });
});

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  const index = copy.length + at;
  copy[index] = (copy[index] ?? 0) ^ 1;
  return copy;
}
