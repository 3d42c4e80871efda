import { randomUUID } from "node:crypto";
import type { Connection as Session } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Connection } from "../../../server/domain/connection.ts";
import { Failure } from "../../../server/domain/errors.ts";
import type { DatabaseContent } from "../../../server/engine/content.ts";
import type { Wish } from "../../../server/engine/database/choice.ts";
import { loadInPlace } from "../../../server/engine/database/in-place.ts";
import { stageDatabase } from "../../../server/engine/database/scratch.ts";
import { type DatabaseSwapPlan, finishDatabase, rollbackDatabase, swapDatabase } from "../../../server/engine/database/swap.ts";
import { findTools } from "../../../server/engine/database/tools.ts";
import { startMariadb, type TestServer } from "../../support/mariadb.ts";
import { leftovers, makeNasty, portrait } from "../../support/nasty.ts";
import { quiet, storedContent, type TakenDump, takeDump } from "../../support/nasty-backup.ts";

type Portrait = Record<string, unknown>;

const tools = await findTools(null);
const quoted = "`sho``p`";
const whole = { mode: "REPLACE", tables: null } as const;
const backtick = "back`tick \"double\" 'single' \\ slash";
/** Quotes, triggers, foreign keys to one another and to what stays, a key that leads nowhere, a sequence, partitions, history. */
const some = [backtick, "many", "hen", "egg", "dangling", "seq `one", "parts", "history", "computed", "old_style"];
/** Those that the target has lost. */
const lost = ["choices", "parts", "zero_dates"];

let server: TestServer;
let sql: Session;
let connection: Connection;
let backup: TakenDump;
/** The same dump as one that was not stored in sections. */
let plain: DatabaseContent;
let later: TakenDump;
let original: Portrait;
let spoilt: Portrait;

beforeAll(async () => {
  server = await startMariadb(["--event-scheduler=OFF", "--innodb-flush-method=nosync", "--sync-frm=OFF"]);
  sql = await server.connect();
  await sql.query(`CREATE DATABASE ${quoted} CHARACTER SET utf8mb4`);
  const { port, password, socketPath } = server;
  connection = { host: "localhost", port, user: "root", password, database: "sho`p", socketPath, tls: false };
  await makeNasty(connection);
  original = await portrait(sql, connection.database);
  backup = await takeDump(connection);
  const { bytes, summary } = await takeDump(connection, { compression: "NONE", level: 0 });
  plain = storedContent(bytes, "NONE", { ...summary, sections: null });
  await spoil();
  spoilt = await portrait(sql, connection.database);
  later = await takeDump(connection);
});
afterAll(async () => {
  await sql?.end();
  await server?.stop();
});

/** A day's work on the database after the backup: rows, tables and definitions of every kind lost, changed and new. */
const spoil = () =>
  sql.query(`
    USE ${quoted};
    SET foreign_key_checks = 0;
    UPDATE many SET v = 'changed' WHERE id < 5; DELETE FROM hen WHERE id = 2; UPDATE computed SET price = 1;
    INSERT INTO old_style VALUES (10, 'newer');
    DROP TRIGGER second_trigger; DROP TRIGGER on_dash; CREATE TRIGGER extra BEFORE DELETE ON many FOR EACH ROW SET @a = 1;
    DROP TABLE ${lost.join(", ")};
    DROP PROCEDURE \`-proc\`; DROP EVENT later; DROP VIEW \`m "quoted" '\`\`; ☃\`;
    CREATE OR REPLACE VIEW checked AS SELECT 1 AS one;
    DROP FUNCTION \`shout; '\`\`it\`; CREATE FUNCTION \`shout; '\`\`it\` (t text CHARSET utf8mb4) RETURNS text CHARSET utf8mb4 RETURN t;
    ALTER TABLE \`-leading dash\` ADD extra int;
    CREATE TABLE newer (id int PRIMARY KEY, e int, CONSTRAINT \`newer ; egg\` FOREIGN KEY (e) REFERENCES egg (id) ON DELETE CASCADE);
    INSERT INTO newer VALUES (1, 10), (2, 99);
    CREATE TABLE waiting (id int PRIMARY KEY, c int, CONSTRAINT waits FOREIGN KEY (c) REFERENCES choices (id)); INSERT INTO waiting VALUES (1, 1), (2, 98);
    CREATE TRIGGER on_dash BEFORE INSERT ON newer FOR EACH ROW SET @a = 1;
    CREATE TRIGGER on_newer BEFORE INSERT ON newer FOR EACH ROW SET @a = 2;
    CREATE VIEW newer_view AS SELECT n.*, m.v FROM newer n JOIN many m ON m.id = n.id;
    CREATE FUNCTION newer_function () RETURNS int RETURN 1; CREATE EVENT newer_event ON SCHEDULE EVERY 1 DAY DO SET @a = 1;
    ALTER DATABASE ${quoted} CHARACTER SET latin1;`);

/** What the target is to be after a restore of these tables, with the backup's definitions all, where missing, or not at all. */
function mixed(tables: readonly string[], definitions: "all" | "missing" | "none"): Portrait {
  const order = (of: Portrait) => (of.triggerOrder as string[][]).map((row) => row as [string, string, string, string, string]);
  const comes = new Map(order(original).flatMap((row) => (tables.includes(row[0]) ? [[row[4], row] as const] : [])));
  const stays = order(spoilt).filter(([table, , , , name]) => !tables.includes(table) && !comes.has(name));
  const triggers = [...stays, ...comes.values()].sort(([a], [b]) => Number(a > b) - Number(a < b));
  const kept = (key: string) => {
    const [kind = "", name = ""] = [key.split(" ", 1)[0], key.slice(key.indexOf(" ") + 1)];
    if (kind === "table") return tables.includes(name);
    return kind !== "schema" && (definitions === "all" || (definitions === "missing" && !(key in spoilt)));
  };
  const all: Portrait = {
    ...Object.fromEntries(Object.entries(spoilt).filter(([key]) => !key.startsWith("trigger"))),
    ...Object.fromEntries(Object.entries(original).filter(([key]) => !key.startsWith("trigger") && kept(key))),
    ...Object.fromEntries(stays.map(([, , , , name]) => [`trigger ${name}`, spoilt[`trigger ${name}`]])),
    ...Object.fromEntries([...comes.keys()].map((name) => [`trigger ${name}`, original[`trigger ${name}`]])),
    triggerOrder: triggers,
  };
  return { ...all, triggerOrder: numbered(triggers) };
}

/** The place of a trigger among those of one table and event is counted by the server. */
const numbered = (rows: readonly (readonly string[])[]) => {
  const sorted = rows.map((row) => [...row]).sort((a, b) => Number(key(a) > key(b)) - Number(key(a) < key(b)));
  return sorted.map((row, index) => [
    ...row.slice(0, 3),
    sorted.slice(0, index).filter((other) => key(other) === key(row)).length + 1,
    row[4],
  ]);
};
const key = (row: readonly string[]) => row.slice(0, 3).join("\0");
const shown = async () => {
  const found = await portrait(sql, connection.database);
  return { ...found, triggerOrder: numbered(found.triggerOrder as string[][]) };
};

const asked = (wish: Wish, content = backup.content) => ({
  ...{ connection, tools, content, ...wish, expected: content.summary, restoreId: randomUUID(), ...quiet },
  observe: () => {},
});
async function stage(wish: Wish, content?: DatabaseContent, say: typeof quiet.say = quiet.say): Promise<DatabaseSwapPlan> {
  const plan = await stageDatabase({ ...asked(wish, content), say });
  if (!plan) throw new Error("There was nothing to restore");
  return JSON.parse(JSON.stringify(plan));
}
const failureOf = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Failure);
  return error as Failure;
};
/** Whether the server lets a row in that its foreign key does not allow. */
const lets = (statement: string) =>
  sql.query(`SET foreign_key_checks = 1; USE ${quoted}; ${statement}`).then(
    () => true,
    (error: { code: string }) => error.code !== "ER_NO_REFERENCED_ROW_2",
  );

const all = () => backup.summary.tables.map(({ name }) => name);
const cases: readonly [string, Wish, () => Portrait][] = [
  ["all of it, exactly", whole, () => ({ ...original, triggerOrder: numbered(original.triggerOrder as string[][]) })],
  ["all of it over what is there", { mode: "OVERWRITE", tables: null }, () => mixed(all(), "all")],
  ["what is missing of it", { mode: "PRESERVE", tables: null }, () => mixed(lost, "missing")],
  ["some tables, exactly", { mode: "REPLACE", tables: some }, () => mixed(some, "none")],
  ["some tables over what is there", { mode: "OVERWRITE", tables: some }, () => mixed(some, "none")],
  ["some tables where they are missing", { mode: "PRESERVE", tables: [...some, "choices"] }, () => mixed(["parts", "choices"], "none")],
];

describe("a restore of", () => {
  it.each(cases)("%s", async (_name, wish, expected) => {
    const plan = await stage(wish);
    expect(await portrait(sql, connection.database)).toEqual(spoilt);
    await swapDatabase(connection, tools, plan, quiet);
    expect(await shown()).toEqual(expected());
    // The keys lead to the tables that are there now, not to the old ones.
    if (wish.mode !== "REPLACE" || wish.tables) expect(await lets("INSERT INTO newer VALUES (9, 999)")).toBe(false);
    if (plan.incoming.includes("choices") && !plan.whole) expect(await lets("INSERT INTO waiting VALUES (9, 999)")).toBe(false);
    await rollbackDatabase(connection, tools, plan);
    expect(await portrait(sql, connection.database)).toEqual(spoilt);
    expect(await lets("INSERT INTO newer VALUES (9, 999)")).toBe(false);
    expect(await leftovers(sql)).toEqual([]);
  });

  it.each(cases)("%s, in place and from a dump without sections", async (_name, wish, expected) => {
    await loadInPlace(asked(wish, plain));
    expect(await shown()).toEqual(expected());
    await loadInPlace(asked(whole, later.content));
    expect(await portrait(sql, connection.database)).toEqual(spoilt);
  });

  it("tables that are there adds nothing, and says so", async () => {
    expect(await stageDatabase(asked({ mode: "PRESERVE", tables: ["many", "egg"] }))).toBeNull();
    expect(await stageDatabase(asked({ mode: "PRESERVE", tables: null }, later.content))).toBeNull();
    expect(await loadInPlace(asked({ mode: "PRESERVE", tables: ["many"] }))).toMatchObject({ tables: 0, rows: 0 });
    expect(await leftovers(sql)).toEqual([]);
    expect(await portrait(sql, connection.database)).toEqual(spoilt);
  });
});

describe("a restore of some tables", () => {
  const few: Wish = { mode: "REPLACE", tables: ["egg", "many", "choices"] };

  it("takes the target back to what it was, wherever its swap or rollback broke off", async () => {
    for (const wish of [few, { mode: "OVERWRITE", tables: null }] as const) {
      let step = 0;
      for (let ended = false; !ended; step += 1) {
        const plan = await stage(wish);
        let seen = 0;
        const say = (_level: string, message: string) => {
          seen += 1;
          if (seen > step) throw new Error(`broken at: ${message}`);
        };
        ended = await swapDatabase(connection, tools, plan, { ...quiet, say }).then(
          () => true,
          () => false,
        );
        if (ended) expect(await portrait(sql, connection.database)).not.toEqual(spoilt);
        // As a rollback that a crash cut off after its first step.
        if (step % 2) await sql.query(`DROP DATABASE IF EXISTS \`${plan.scratch}\``).catch(() => {});
        await rollbackDatabase(connection, tools, plan);
        await rollbackDatabase(connection, tools, plan);
        expect(await portrait(sql, connection.database)).toEqual(spoilt);
        expect(await leftovers(sql)).toEqual([]);
      }
      expect(step).toBeGreaterThan(6);
    }
  }, 300_000);

  it("mends a key that was dropped and not made again when it broke off", async () => {
    const plan = await stage(few);
    const say = (_level: string, message: string) => {
      if (message.startsWith("Leading")) throw new Error("cut off");
    };
    await expect(swapDatabase(connection, tools, plan, { ...quiet, say })).rejects.toThrow("cut off");
    await sql.query(`USE ${quoted}; ALTER TABLE newer DROP FOREIGN KEY \`newer ; egg\``);
    await rollbackDatabase(connection, tools, plan);
    expect(await portrait(sql, connection.database)).toEqual(spoilt);
  });

  it("warns of rows that will point nowhere", async () => {
    const said: string[] = [];
    const plan = await stage({ mode: "REPLACE", tables: ["egg", "choices"] }, undefined, ((level: string, message: string) => {
      if (level === "WARN") said.push(message);
    }) as typeof quiet.say);
    expect(said.sort()).toEqual([
      "1 row of egg refers to rows of hen that are not there (foreign key egg_hen).",
      "1 row of newer refers to rows of egg that are not there (foreign key newer ; egg).",
      "1 row of waiting refers to rows of choices that are not there (foreign key waits).",
    ]);
    await rollbackDatabase(connection, tools, plan);
  });

  it("brings a lost table back, and the view that was broken without it works again", async () => {
    await sql.query(`USE ${quoted}; SET foreign_key_checks = 0; DROP TABLE hen`);
    const plan = await stage({ mode: "REPLACE", tables: ["hen"] });
    await swapDatabase(connection, tools, plan, quiet);
    await finishDatabase(connection, plan);
    expect((await sql.query(`SELECT COUNT(*) AS n FROM ${quoted}.joined`))[0]).toEqual([{ n: 2 }]);
    await loadInPlace(asked(whole, later.content));
    expect(await portrait(sql, connection.database)).toEqual(spoilt);
  });

  it("refuses, with the target untouched, what cannot be carried through", async () => {
    const taken = await failureOf(stage({ mode: "REPLACE", tables: ["-leading dash"] }));
    expect(taken).toMatchObject({ code: "CONFLICT", reason: "NAME_TAKEN" });
    expect(taken.message).toContain("on_dash");
    expect(await failureOf(stage({ mode: "REPLACE", tables: ["no such table"] }))).toMatchObject({ code: "BAD_USER_INPUT" });

    await sql.query(
      `USE ${quoted}; CREATE TABLE unfit (id int PRIMARY KEY, v varchar(10), CONSTRAINT unfit FOREIGN KEY (v) REFERENCES latin2 (code));
      CREATE TABLE latin2 (code varchar(10) PRIMARY KEY); `.replace("CREATE TABLE unfit", "SET foreign_key_checks = 0; CREATE TABLE unfit"),
    );
    const dump = await takeDump(connection);
    await sql.query("ALTER TABLE latin2 DROP PRIMARY KEY, ADD other int PRIMARY KEY");
    const without = await takeDump(connection);
    await sql.query("DROP TABLE latin2");
    await loadInPlace({ ...asked({ mode: "PRESERVE", tables: ["latin2"] }, dump.content) });
    const before = await portrait(sql, connection.database);
    const plan = await stage({ mode: "REPLACE", tables: ["latin2"] }, without.content);
    expect(await failureOf(swapDatabase(connection, tools, plan, quiet))).toMatchObject({ code: "LOAD_FAILED", reason: "REFERENCE_UNFIT" });
    await rollbackDatabase(connection, tools, plan);
    expect(await portrait(sql, connection.database)).toEqual(before);
    expect(await leftovers(sql)).toEqual([]);
  });

  it("restores into a database of another name, with the triggers that name the old one", async () => {
    await sql.query("CREATE DATABASE other");
    const other = { ...connection, database: "other" };
    const plan = await stageDatabase({ ...asked({ mode: "REPLACE", tables: ["many", "ledger"] }), connection: other });
    if (!plan) throw new Error("There was nothing to restore");
    await swapDatabase(other, tools, plan, quiet);
    await finishDatabase(other, plan);
    const { triggerOrder } = await portrait(sql, "other");
    expect((triggerOrder as string[][]).map((row) => row[4])).toEqual(["first `trigger", "second_trigger", "qualified"]);
    await sql.query("DROP DATABASE other");
  });
});
