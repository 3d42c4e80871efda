import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import fc from "fast-check";
import { describe, expect, inject, it } from "vitest";
import { Failure } from "../../../server/domain/errors.ts";
import { connect, select, withSession } from "../../../server/engine/database/client.ts";
import { credentialFile, credentialOption } from "../../../server/engine/database/credential.ts";
import { likeMatches, parseGrants } from "../../../server/engine/database/grants.ts";
import { checkConnection, inspectDatabase } from "../../../server/engine/database/inspect.ts";
import { findTools } from "../../../server/engine/database/tools.ts";
import { spawnTool } from "../../../server/engine/process.ts";
import { freshAccount } from "../../support/accounts.ts";
import { freshDatabase, sharedConnection } from "../../support/shared-server.ts";

const tools = await findTools(null);
const socket = () => sharedConnection("mysql");
const tcp = () => ({ ...socket(), host: "127.0.0.1", port: inject("mariadb").port, socketPath: null });

describe("a connection that does not come about says why", () => {
  it.each([
    ["wrong password", () => ({ ...tcp(), password: "wrong" }), /refused the user root: wrong user name or password/],
    ["no such database", () => ({ ...tcp(), database: "no`where" }), /^There is no database no`where at/],
    ["nobody listens", () => ({ ...tcp(), port: 1 }), /^Could not reach the database at 127\.0\.0\.1:1: connection refused\.$/],
    ["no such socket", () => ({ ...socket(), socketPath: "/nowhere.sock" }), /at \/nowhere\.sock: there is no such socket/],
    ["no TLS at the server", () => ({ ...tcp(), tls: true }), /does not offer TLS/],
  ])("%s", async (_name, connection, message) => {
    const failure = await connect(connection()).then(
      () => null,
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(Failure);
    expect(failure).toMatchObject({ code: "SOURCE_UNAVAILABLE", message: expect.stringMatching(message), hint: expect.any(String) });
    expect(JSON.stringify(failure)).not.toContain(connection().password);
    expect(await checkConnection(connection())).toMatchObject({ ok: false, message: (failure as Failure).message });
  });

  it.each(["\n", "\r", "\0"])("%j in a name is refused as input", async (character) => {
    for (const field of ["user", "password", "host", "database"] as const) {
      const connection = { ...tcp(), [field]: `a${character}b` };
      await expect(connect(connection)).rejects.toMatchObject({ code: "BAD_USER_INPUT", message: expect.stringContaining(field) });
      await expect(credentialFile(connection)).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
    }
  });
});

describe("the credential", () => {
  it("reaches both client programs whatever characters it holds", async () => {
    await using database = await freshDatabase("secret");
    const clientUser = async (connection: typeof database.connection) => {
      await using file = await credentialFile(connection);
      await using client = spawnTool(tools.client, [credentialOption, "-N", "-e", "SELECT USER()"], { fds: [file.fd] });
      return `${await text(client.stdout ?? Readable.from([]))}${(await client.exited).stderr}`.trim();
    };
    const hard = ['"', "'", "\\", "#", ";", " ", "=", "[", "ü", "☃", "$", "\\n", "\\\\", "\\s", "\t"];
    const passwords = fc.array(fc.constantFrom(...hard, "a"), { minLength: 1, maxLength: 8 }).map((parts) => parts.join(""));
    await fc.assert(
      fc.asyncProperty(passwords, async (password) => {
        await using account = await freshAccount(database.sql, database.connection, [], password);
        expect(await clientUser({ ...account.connection, host: "127.0.0.1" })).toBe(`${account.user}@localhost`);
        await withSession(account.connection, (session) => select(session, "SELECT 1"), { database: false });
      }),
      { numRuns: 25, examples: [[" leading and trailing "], [hard.join("")], ["\\"], ['"'], ["#;"]] },
    );
  });
});

describe("grants", () => {
  it.each([
    ["a global grant", ["GRANT SELECT, TRIGGER ON *.* TO `u`@`%`"], true],
    ["all on everything", ["GRANT ALL PRIVILEGES ON *.* TO `u`@`%` WITH GRANT OPTION"], true],
    ["all on the database", ["GRANT USAGE ON *.* TO `u`@`%`", "GRANT ALL PRIVILEGES ON `my_shop`.* TO `u`@`%`"], true],
    ["an escaped name", ["GRANT TRIGGER ON `my\\_shop`.* TO `u`@`%`"], true],
    ["a pattern", ["GRANT TRIGGER ON `my%`.* TO `u`@`%`"], true],
    ["a pattern of another name", ["GRANT TRIGGER ON `my\\_sho`.* TO `u`@`%`"], false],
    ["an escaped name that only looks alike", ["GRANT TRIGGER ON `my\\%`.* TO `u`@`%`"], false],
    ["a closer grant without it", ["GRANT TRIGGER ON `my%`.* TO `u`@`%`", "GRANT SELECT ON `my\\_shop`.* TO `u`@`%`"], false],
    ["one table only", ["GRANT TRIGGER ON `my_shop`.`t` TO `u`@`%`"], false],
    ["some columns only", ["GRANT TRIGGER (a, b) ON `my_shop`.* TO `u`@`%`"], false],
    ["a partial revoke", ["GRANT TRIGGER ON *.* TO `u`@`%`", "REVOKE TRIGGER ON `my_shop`.* FROM `u`@`%`"], false],
    ["another database", ["GRANT ALL PRIVILEGES ON `other`.* TO `u`@`%`"], false],
    ["nothing", [], false],
  ])("%s", (_name, lines, expected) => {
    expect(parseGrants(lines).on("my_shop", "TRIGGER")).toBe(expected);
  });

  it("match as LIKE does", () => {
    const pieces = fc.array(fc.constantFrom("a", "b", "_", "%", "\\_", "\\%", "."), { maxLength: 6 }).map((parts) => parts.join(""));
    const names = fc.array(fc.constantFrom("a", "b", "_", "%", "."), { maxLength: 6 }).map((parts) => parts.join(""));
    return withSession(socket(), async (session) => {
      const cases = fc.sample(fc.tuple(pieces, names), 300);
      const asked = cases.map(([pattern, name]) => `${session.escape(name)} LIKE ${session.escape(pattern)}`);
      const [row] = await select<Record<string, number>>(
        session,
        `SELECT ${asked.map((test, index) => `${test} AS c${index}`).join(", ")}`,
      );
      expect(cases.map(([pattern, name]) => Number(likeMatches(pattern, name)))).toEqual(cases.map((_, index) => row?.[`c${index}`]));
    });
  });
});

describe("a check of the source", () => {
  it("is content with the least rights, by role and pattern too, and names what is missing otherwise", async () => {
    await using database = await freshDatabase("my_shop");
    const { sql, name, connection } = database;
    await sql.query("CREATE TABLE t (id int); CREATE FUNCTION f () RETURNS int RETURN 1");
    const least = "SELECT, SHOW VIEW, TRIGGER, EVENT";
    const role = `r_${name}`.slice(0, 30);
    await sql.query(`CREATE ROLE ${role}`);
    await sql.query(`GRANT ${least} ON \`my\\_shop%\`.* TO ${role}`);
    try {
      const proc = "SELECT ON mysql.proc";
      const cases: [string[], string[]][] = [
        [[`${least} ON \`${name}\`.*`, proc], []],
        [[`${least} ON *.*`], []],
        [[role, proc], []],
        [[`ALL ON \`${name}\`.*`], ["SELECT ON mysql.proc"]],
        [[`${least} ON \`${name}\`.*`], ["SELECT ON mysql.proc"]],
        [
          [`SELECT ON \`${name}\`.*`, proc],
          ["SHOW VIEW", "TRIGGER", "EVENT"],
        ],
      ];
      for (const [grants, missing] of cases) {
        await using account = await freshAccount(sql, connection, grants);
        if (grants.includes(role)) await sql.query(`SET DEFAULT ROLE ${role} FOR ${account.account}`);
        const before = await checkConnection(account.connection);
        expect({ grants, missing: before.missingPrivileges, ok: before.ok }).toEqual({ grants, missing, ok: missing.length === 0 });
        for (const grant of before.grants) await sql.query(grant);
        expect(await checkConnection(account.connection)).toMatchObject({ ok: true, missingPrivileges: [], message: null, tables: 1 });
      }
      // Its own routines an account sees without further rights.
      await using owner = await freshAccount(sql, connection, [`ALL ON \`${name}\`.*`]);
      await sql.query(`DROP FUNCTION f; CREATE DEFINER = ${owner.account} FUNCTION f () RETURNS int RETURN 1`);
      expect(await checkConnection(owner.connection)).toMatchObject({ ok: true });
    } finally {
      await sql.query(`DROP ROLE ${role}`);
    }
  });

  it("reads what a database holds", async () => {
    await using database = await freshDatabase("facts");
    await database.sql.query(
      "CREATE TABLE t (id int) ENGINE = MyISAM; CREATE SEQUENCE s; CREATE TABLE h (id int) WITH SYSTEM VERSIONING; CREATE VIEW v AS SELECT 1 AS x; CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET @a = 1",
    );
    const facts = await inspectDatabase(database.connection);
    expect(facts).toMatchObject({
      flavour: "mariadb",
      characterSet: "utf8mb4",
      definitions: { views: ["v"], triggers: ["tr"], procedures: [], functions: [], events: [] },
    });
    expect(facts.tables.map(({ name, kind, engine }) => [name, kind, engine])).toEqual([
      ["h", "history", "InnoDB"],
      ["s", "sequence", "InnoDB"],
      ["t", "table", "MyISAM"],
    ]);
  });
});
