import { existsSync } from "node:fs";
import { Readable } from "node:stream";
import fc from "fast-check";
import type { RowDataPacket } from "mysql2/promise";
import { describe, expect, it } from "vitest";
import { Failure } from "../../../server/domain/errors.ts";
import { runScript } from "../../../server/engine/database/restricted-client.ts";
import { findTools } from "../../../server/engine/database/tools.ts";
import { SqlInspector } from "../../../server/engine/upload/sql-inspector.ts";
import { rewritten } from "../../../server/engine/upload/sql-rewrite.ts";
import { freshAccount } from "../../support/accounts.ts";
import { clientCommands, elsewhere, mark, notAllowed, otherDatabases } from "../../support/hostile-statements.ts";
import { freshDatabase } from "../../support/shared-server.ts";

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
