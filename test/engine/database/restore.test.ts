import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Connection as Session } from "mysql2/promise";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Connection } from "../../../server/domain/connection.ts";
import { Failure } from "../../../server/domain/errors.ts";
import { loadInPlace } from "../../../server/engine/database/in-place.ts";
import { type StageRequest, stageDatabase } from "../../../server/engine/database/scratch.ts";
import { type DatabaseSwapPlan, finishDatabase, rollbackDatabase, swapDatabase } from "../../../server/engine/database/swap.ts";
import { findTools } from "../../../server/engine/database/tools.ts";
import type { PartProgress } from "../../../server/engine/part.ts";
import { freshAccount } from "../../support/accounts.ts";
import { startMariadb, type TestServer } from "../../support/mariadb.ts";
import { leftovers, makeNasty, portrait } from "../../support/nasty.ts";
import { quiet, storedContent, type TakenDump, takeDump } from "../../support/nasty-backup.ts";

const tools = await findTools(null);
// No quotes: with events in it, mariadb-dump cannot dump a database whose name holds some.
const shop = "-sho`p ☃; x.y";
const quoted = "`-sho``p ☃; x.y`";

let server: TestServer;
let sql: Session;
let connection: Connection;
let backup: TakenDump;
let original: Record<string, unknown>;

beforeAll(async () => {
  server = await startMariadb(["--event-scheduler=OFF", "--innodb-flush-method=nosync", "--sync-frm=OFF"]);
  sql = await server.connect();
  await sql.query(`CREATE DATABASE ${quoted} CHARACTER SET utf8mb4`);
  connection = {
    host: "localhost",
    port: server.port,
    user: "root",
    password: server.password,
    database: shop,
    socketPath: server.socketPath,
    tls: false,
  };
  await makeNasty(connection);
  original = await portrait(sql, shop);
  // The client takes comments out of routines unless it is told not to.
  expect(JSON.stringify(original)).toContain("-- a comment with");
  backup = await takeDump(connection);
});
afterAll(async () => {
  await sql?.end();
  await server?.stop();
});

const stageIf = (over: Partial<StageRequest> = {}) =>
  stageDatabase({
    connection,
    tools,
    content: backup.content,
    mode: "REPLACE",
    tables: null,
    expected: backup.summary,
    restoreId: randomUUID(),
    ...quiet,
    observe: () => {},
    ...over,
  });

async function stage(over: Partial<StageRequest> = {}): Promise<DatabaseSwapPlan> {
  const plan = await stageIf(over);
  if (!plan) throw new Error("There was nothing to restore");
  return plan;
}

/** Changes of every kind, so that old and new differ in all that there is. */
async function spoil(): Promise<void> {
  await sql.query(`
    USE ${quoted};
    SET foreign_key_checks = 0;
    ALTER DATABASE ${quoted} CHARACTER SET latin1;
    DROP TRIGGER on_dash; DROP TABLE many, hen, \`seq \`\`one\`; DROP PROCEDURE \`-proc\`; DROP EVENT later ; DROP EVENT \`every \`\`second\`; DROP VIEW joined;
    UPDATE zero_key SET name = 'changed';
    CREATE TABLE newer (id int PRIMARY KEY, e int, FOREIGN KEY (e) REFERENCES egg (id)); INSERT INTO newer VALUES (1, 10);
    CREATE TABLE joined (id int); CREATE VIEW many AS SELECT * FROM newer;
    CREATE VIEW newer_view AS SELECT * FROM newer;
    CREATE TRIGGER newer_trigger AFTER INSERT ON newer FOR EACH ROW SET @a = 'é';
    CREATE FUNCTION newer_function () RETURNS int RETURN 1; CREATE EVENT newer_event ON SCHEDULE EVERY 1 DAY DO SET @a = 1;
    DROP VIEW \`m "quoted" '\`\`; ☃\`, \`a over z\`, \`z base\`;`);
}

const failureOf = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Failure);
  return error as Failure;
};

describe("a staged restore", () => {
  let spoilt: Record<string, unknown>;
  beforeAll(async () => {
    await spoil();
    spoilt = await portrait(sql, shop);
    expect(spoilt).not.toEqual(original);
  });

  const untouched = async () => {
    expect(await portrait(sql, shop)).toEqual(spoilt);
    expect(await leftovers(sql)).toEqual([]);
  };

  it("takes the target back to what it was, wherever its swap or rollback broke off", async () => {
    const steps: string[] = [];
    for (let step = 0; step < 30; step += 1) {
      const plan: DatabaseSwapPlan = JSON.parse(JSON.stringify(await stage()));
      let seen = 0;
      const say = (_level: string, message: string) => {
        steps[seen] = message;
        seen += 1;
        if (seen > step) throw new Error(`broken at: ${message}`);
      };
      const ended = await swapDatabase(connection, tools, plan, { ...quiet, say }).catch((error: Error) => error.message);
      if (ended === undefined) {
        expect(step).toBe(steps.length);
        expect(step).toBeGreaterThan(6);
        // Wholly new, and still wholly old again.
        expect(await portrait(sql, shop)).toEqual(original);
        await rollbackDatabase(connection, tools, plan);
        await rollbackDatabase(connection, tools, plan);
        await untouched();
        return;
      }
      expect(ended).toBe(`broken at: ${steps[step]}`);
      await rollbackDatabase(connection, tools, plan);
      await untouched();
    }
  }, 300_000);

  it("comes back from a rollback that was itself cut off", async () => {
    const states: [string, (plan: DatabaseSwapPlan) => Promise<unknown>][] = [
      ["the scratch schema half dropped", (plan) => sql.query(`DROP TABLE \`${plan.scratch}\`.hen`)],
      ["the scratch schema gone", (plan) => sql.query(`DROP DATABASE \`${plan.scratch}\``)],
      ["half of the old definitions made", () => sql.query(`CREATE VIEW ${quoted}.newer_view AS SELECT * FROM newer`)],
    ];
    for (const [state, make] of states) {
      const plan = await stage();
      const say = (_level: string, message: string) => {
        if (message.startsWith("Exchanging")) throw new Error("cut off");
      };
      await expect(swapDatabase(connection, tools, plan, { ...quiet, say }), state).rejects.toThrow("cut off");
      await sql.query(`SET foreign_key_checks = 0; USE ${quoted}`);
      await make(plan);
      await rollbackDatabase(connection, tools, plan);
      await untouched();
    }
  });

  it("refuses, with the target untouched, what it could not carry through", async () => {
    const flipped = Buffer.from(backup.bytes);
    flipped[flipped.length >> 1] = (flipped[flipped.length >> 1] ?? 0) ^ 1;
    const plain = await takeDump(connection, { compression: "NONE", level: 0 });
    // As a dump of one run: where its parts lie is no longer known once it was altered.
    const whole = { ...plain.summary, sections: null };
    const text = plain.bytes.toString("latin1");
    const altered = (change: (sql: string) => string) => {
      const bytes = Buffer.from(change(text), "latin1");
      return { content: storedContent(bytes, "NONE", whole), expected: whole };
    };
    const another = Buffer.from(text.replace("DROP TABLE", "DROP TABLF"), "latin1");
    const kept = (bytes: Buffer, promised = backup.bytes) => ({ content: storedContent(bytes, "ZSTD", backup.summary, { promised }) });
    // The dump's first line would shut shell commands off by itself, in the clients that know it.
    const bare = (dump: string) => dump.replace(/^\/\*M!999999.*\n/, "");
    const mark = join(tmpdir(), `holdfast-mark-${randomUUID()}`);
    const short = { ...plain.summary, tables: plain.summary.tables.map((table) => (table.name === "egg" ? { ...table, rows: 3 } : table)) };
    await sql.query("CREATE DATABASE elsewhere");
    await sql.query(`CREATE TABLE elsewhere.child (id int, CONSTRAINT outside FOREIGN KEY (id) REFERENCES ${quoted}.egg (id))`);
    const outside = await failureOf(stage());
    await sql.query("DROP DATABASE elsewhere");
    expect(outside.message).toContain("elsewhere.child (outside)");
    await untouched();

    const cases: [string, Partial<StageRequest>, Partial<Failure>][] = [
      ["bytes that load well but are not those stored", kept(backup.bytes, flipped), { code: "ARTIFACT_CORRUPT" }],
      ["a flipped bit", kept(flipped), { code: "ARTIFACT_CORRUPT" }],
      ["a cut artifact", kept(backup.bytes.subarray(0, -1000)), { code: "ARTIFACT_CORRUPT" }],
      ["another artifact", { content: storedContent(another, "NONE", whole, { promised: plain.bytes }) }, { code: "ARTIFACT_CORRUPT" }],
      [
        "a cut dump",
        altered((dump) => dump.slice(0, dump.indexOf("INSERT INTO `egg`") + 30)),
        { code: "ARTIFACT_CORRUPT", reason: "DUMP_INCOMPLETE" },
      ],
      [
        "SQL that makes no sense",
        altered((dump) => dump.replace("CREATE TABLE `egg`", "CREATE TALBE `egg`")),
        { code: "LOAD_FAILED", reason: "SQL_ERROR" },
      ],
      [
        "fewer rows than the manifest says",
        { content: plain.content, expected: short },
        { code: "LOAD_FAILED", message: "What was loaded is not what the backup holds: table egg has 2 rows instead of 3." },
      ],
      [
        "another database",
        altered((dump) => dump.replace("DROP TABLE", "USE mysql;\nDROP TABLE")),
        { code: "ARTIFACT_UNSAFE", reason: "SQL_OTHER_DATABASE" },
      ],
      ["a shell command", altered((dump) => bare(dump).replace("DROP TABLE", `\\! touch ${mark}\nDROP TABLE`)), { code: "LOAD_FAILED" }],
      [
        "a shell command in a version comment",
        altered((dump) => bare(dump).replace("DROP TABLE", `/*!50000 \n\\! touch ${mark}\n */;\nsystem touch ${mark}\nDROP TABLE`)),
        { code: "LOAD_FAILED" },
      ],
    ];
    for (const [name, over, expected] of cases) {
      const failure = await failureOf(stage(over));
      expect({ ...failure, name, message: failure.message }).toMatchObject({ name, ...expected });
    }
    expect(existsSync(mark)).toBe(false);
    await untouched();
  });

  it("ends soon when it is cancelled, and leaves no scratch schema", async () => {
    const cancel = new AbortController();
    const observe = ({ item }: PartProgress) => item === "many" && cancel.abort(new Failure("CANCELLED", "Cancelled."));
    expect(await failureOf(stage({ signal: cancel.signal, observe }))).toMatchObject({ code: "CANCELLED" });
    await untouched();
  });

  it("tells an account without rights beside the target which GRANT mends it, and restores with it", async () => {
    await using plain = await freshAccount(sql, connection, [`ALL ON ${quoted}.*`, "SELECT ON mysql.proc"]);
    const denied = await failureOf(stage({ connection: plain.connection }));
    const grant = `GRANT ALL ON \`\\_holdfast\\_%\`.* TO ${plain.account};`;
    expect(denied).toMatchObject({ code: "LOAD_FAILED", reason: "SCRATCH_DENIED", hint: expect.stringContaining(grant) });
    await sql.query(grant);
    // The definitions are root's: that takes a privilege of its own, which is found out before the target is touched.
    const definer = await failureOf(stage({ connection: plain.connection }));
    expect(definer).toMatchObject({ code: "LOAD_FAILED", hint: expect.stringContaining(`GRANT SET USER ON *.* TO ${plain.account};`) });
    await untouched();
    await sql.query(`GRANT SET USER ON *.* TO ${plain.account}`);
    const plan = await stage({ connection: plain.connection });
    await swapDatabase(plain.connection, tools, plan, quiet);
    expect(await portrait(sql, shop)).toEqual(original);
    await rollbackDatabase(plain.connection, tools, plan);
    await untouched();
    await using reader = await freshAccount(sql, connection, [`SELECT, SHOW VIEW, TRIGGER, EVENT ON ${quoted}.*`]);
    const refused = await failureOf(stage({ connection: reader.connection }));
    expect(refused.hint).toContain(`GRANT ALL ON ${quoted}.* TO ${reader.account};`);
  });

  it("swaps in exactly what was backed up, with no event firing before", async () => {
    const seen: PartProgress[] = [];
    await sql.query("SET GLOBAL event_scheduler = ON");
    const plan = await stage({ observe: (progress) => seen.push(progress) });
    await sleep(1200); // The event is due each second: in the scratch schema it would have deleted rows by now.
    expect((await sql.query(`SELECT COUNT(*) AS n FROM \`${plan.scratch}\`.many`))[0]).toEqual([{ n: 5000 }]);
    await sql.query("SET GLOBAL event_scheduler = OFF");
    await untouchedButFor(plan);
    await swapDatabase(connection, tools, plan, quiet);
    await finishDatabase(connection, plan);
    await finishDatabase(connection, plan);
    expect(await portrait(sql, shop)).toEqual(original);
    expect(await leftovers(sql)).toEqual([]);
    expect(seen.at(-1)?.bytes).toBe(backup.size);
    expect(seen.map(({ item }) => item)).toContain("big_row");
  });

  it("restores a database in which a lost table has left a broken view", async () => {
    await sql.query(`USE ${quoted}; SET foreign_key_checks = 0; DROP TABLE hen`);
    await takeDump(connection);
    const plan = await stage();
    await swapDatabase(connection, tools, plan, quiet);
    await finishDatabase(connection, plan);
    expect(await portrait(sql, shop)).toEqual(original);
  });

  const untouchedButFor = async (plan: DatabaseSwapPlan) => {
    expect(await portrait(sql, shop)).toEqual(spoilt);
    expect(await leftovers(sql)).toEqual([plan.scratch]);
  };
});

describe("a restore in place", () => {
  beforeEach(spoil);
  const load = (over: Partial<StageRequest> = {}) =>
    loadInPlace({
      connection,
      tools,
      content: backup.content,
      mode: "REPLACE",
      tables: null,
      expected: backup.summary,
      ...quiet,
      observe: () => {},
      ...over,
    });

  it("leaves exactly what was backed up, for an account with rights on the one database", async () => {
    await using plain = await freshAccount(sql, connection, [`ALL ON ${quoted}.*`, "SET USER ON *.*"]);
    await load({ connection: plain.connection });
    expect(await portrait(sql, shop)).toEqual(original);
  });

  it("fails on a damaged artifact, and puts a good one back by the same call", async () => {
    const cut = storedContent(backup.bytes.subarray(0, -1000), "ZSTD", backup.summary, { promised: backup.bytes });
    const failure = await failureOf(load({ content: cut }));
    expect(failure.code).toBe("ARTIFACT_CORRUPT");
    await load();
    expect(await portrait(sql, shop)).toEqual(original);
  });
});
