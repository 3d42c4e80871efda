import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import mysql, { type Pool, type PoolConnection, type RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migrate } from "../../server/db/migrate.ts";
import { freshDatabase } from "../support/shared-server.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-migrations-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const first = [
  "CREATE TABLE `people` (`id` int NOT NULL, `name` varchar(20) NOT NULL, CONSTRAINT `people_id` PRIMARY KEY(`id`))",
  "CREATE TABLE `pets` (`id` int NOT NULL, `owner_id` int, CONSTRAINT `pets_id` PRIMARY KEY(`id`))",
  "ALTER TABLE `pets` ADD CONSTRAINT `pets_owner` FOREIGN KEY (`owner_id`) REFERENCES `people`(`id`)",
  "CREATE INDEX `people_name` ON `people` (`name`)",
  "INSERT INTO `people` VALUES (1, 'Ada'), (2, 'Grace')",
];
const second = [
  "ALTER TABLE `people` ADD `age` int",
  "UPDATE `people` SET `age` = COALESCE(`age`, 30) + 1",
  "INSERT INTO `pets` SELECT `id` + 10, `id` FROM `people`",
  "ALTER TABLE `people` RENAME COLUMN `name` TO `full_name`",
  "RENAME TABLE `pets` TO `animals`",
  "DROP INDEX `people_name` ON `people`",
];

/** Migrations as drizzle-kit writes them. */
async function written(name: string, migrations: readonly (readonly string[])[]): Promise<string> {
  const path = join(folder, name);
  await mkdir(join(path, "meta"), { recursive: true });
  const entries = migrations.map((_, idx) => ({
    idx,
    version: "5",
    when: 1_700_000_000_000 + idx,
    tag: `000${idx}_some_name`,
    breakpoints: true,
  }));
  await writeFile(join(path, "meta", "_journal.json"), JSON.stringify({ version: "7", dialect: "mysql", entries }));
  for (const [idx, statements] of migrations.entries())
    await writeFile(join(path, `000${idx}_some_name.sql`), `${statements.join(";\n--> statement-breakpoint\n")};`);
  return path;
}

async function freshCatalog() {
  const database = await freshDatabase("migrate");
  const { socketPath, user, password } = database.connection;
  const options = { socketPath: socketPath ?? "", user, password, database: database.name };
  const pool = mysql.createPool(options);
  return {
    pool,
    options,
    sql: database.sql,
    async [Symbol.asyncDispose]() {
      await pool.end();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** All definitions and rows but our own record's times. */
async function contents(pool: Pool) {
  const [tables] = await pool.query<RowDataPacket[]>(
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY 1",
  );
  const all: Record<string, unknown> = {};
  for (const { name } of tables) {
    const [[definition]] = await pool.query<RowDataPacket[]>(`SHOW CREATE TABLE \`${name}\``);
    const [rows] = await pool.query<RowDataPacket[]>(`SELECT * FROM \`${name}\``);
    all[name] = [definition, rows.map(({ started_at, finished_at, ...row }) => ({ ...row, finished: finished_at !== null }))];
  }
  return all;
}

/** A pool whose process "dies" after its nth statement: the connection breaks when that was answered, and nothing comes after it. */
function dyingAfter(pool: Pool, n: number): Pool {
  let count = 0;
  const dying = (connection: PoolConnection) =>
    new Proxy(connection, {
      get(target, name) {
        if (name !== "query") return Reflect.get(target, name)?.bind(target);
        return async (...args: Parameters<PoolConnection["query"]>) => {
          count += 1;
          if (count <= n) {
            const answer = await target.query(...args);
            if (count < n) return answer;
          }
          target.destroy();
          throw Object.assign(new Error("the process is gone"), { code: "PROTOCOL_CONNECTION_LOST" });
        };
      },
    });
  return new Proxy(pool, {
    get: (target, name) =>
      name === "getConnection" ? async () => dying(await target.getConnection()) : Reflect.get(target, name).bind(target),
  });
}

describe("migrations of the catalog", () => {
  it("are applied in order, once, and more of them later", async () => {
    await using catalog = await freshCatalog();
    expect(await migrate(catalog.pool, await written("one", [first]))).toEqual(["0000_some_name"]);
    const both = await written("two", [first, second]);
    expect(await migrate(catalog.pool, both)).toEqual(["0001_some_name"]);
    expect(await migrate(catalog.pool, both)).toEqual([]);
    const [people] = await catalog.pool.query("SELECT full_name, age FROM people ORDER BY id");
    expect(people).toEqual([
      { full_name: "Ada", age: 31 },
      { full_name: "Grace", age: 31 },
    ]);
  });

  // A start takes some five statements before the first of the migration and four for each of those: so each of these lives ends at
  // another point of one of them, and their cycle, begun at several places, ends at every point.
  const lives = [5, 6, 7, 8, 9, 10, 11, 12];
  it.each([0, 2, 4, 6])("end the same after starts that die at every point, the cycle begun at place %i", async (begin) => {
    const path = await written("two", [first, second]);
    await using whole = await freshCatalog();
    await migrate(whole.pool, path);
    await using catalog = await freshCatalog();
    let deaths = 0;
    const start = (life: number) =>
      migrate(dyingAfter(catalog.pool, life), path).then(
        () => true,
        (error: Error) => {
          expect(error.message).toContain("the process is gone");
          deaths += 1;
          return false;
        },
      );
    while (!(await start(lives[(begin + deaths) % lives.length] ?? 0))) expect(deaths).toBeLessThan(100);
    expect(deaths).toBeGreaterThan(first.length);
    expect(await migrate(catalog.pool, path)).toEqual([]);
    expect(JSON.stringify(await contents(catalog.pool))).toBe(JSON.stringify(await contents(whole.pool)));
  });

  it("are each applied once when two processes start at once", async () => {
    await using catalog = await freshCatalog();
    const path = await written("two", [first, second]);
    const program = `
      import mysql from "mysql2/promise";
      import { migrate } from ${JSON.stringify(resolve("server/db/migrate.ts"))};
      const pool = mysql.createPool(${JSON.stringify(catalog.options)});
      await pool.query("SELECT 1");
      console.log("READY");
      await new Promise((go) => process.stdin.once("data", go));
      console.log(JSON.stringify(await migrate(pool, ${JSON.stringify(path)})));
      await pool.end();
      process.stdin.destroy();`;
    const start = () =>
      spawn(resolve("node_modules/node/bin/node"), ["--input-type=module", "-e", program], {
        stdio: ["pipe", "pipe", "inherit"],
        cwd: resolve("."),
      });
    const children = [start(), start(), start()];
    const outputs = children.map((child) => text(child.stdout));
    await Promise.all(children.map((child) => once(child.stdout, "readable")));
    for (const child of children) child.stdin.write("go\n");
    await Promise.all(children.map((child: ChildProcess) => once(child, "exit")));
    const applied = (await Promise.all(outputs)).map((output) => JSON.parse(output.replace("READY\n", "")));
    expect(applied.flat().sort()).toEqual(["0000_some_name", "0001_some_name"]);
    const [[row]] = await catalog.pool.query<RowDataPacket[]>("SELECT COUNT(*) AS animals FROM animals");
    expect(row).toEqual({ animals: 2 });
  });

  it("leave a newer catalog alone and say so", async () => {
    await using catalog = await freshCatalog();
    await migrate(catalog.pool, await written("two", [first, second]));
    const before = await contents(catalog.pool);
    await expect(migrate(catalog.pool, await written("one", [first]))).rejects.toMatchObject({
      reason: "CATALOG_NEWER",
      message: "The catalog was written by a newer Holdfast: this release does not know its migration 0001_some_name.",
    });
    expect(await contents(catalog.pool)).toEqual(before);
  });

  it("refuse one that was changed after it was applied", async () => {
    await using catalog = await freshCatalog();
    await migrate(catalog.pool, await written("one", [first]));
    const changed = await written("changed", [[...first, "CREATE TABLE extra (id int)"]]);
    await expect(migrate(catalog.pool, changed)).rejects.toMatchObject({ reason: "CATALOG_DIFFERS" });
  });

  it("name the statement that fails, fail again at the next start, and go on once its cause is gone", async () => {
    await using catalog = await freshCatalog();
    await catalog.sql.query("CREATE TABLE pets (stranger int)");
    const path = await written("one", [first]);
    for (const _ of ["first start", "second start"])
      await expect(migrate(catalog.pool, path)).rejects.toThrow("statement 2 of 0000_some_name failed: Table 'pets' already exists");
    await catalog.sql.query("DROP TABLE pets");
    expect(await migrate(catalog.pool, path)).toEqual(["0000_some_name"]);
  });

  it.runIf(existsSync("drizzle/meta/_journal.json"))("of the release make the whole catalog", async () => {
    await using catalog = await freshCatalog();
    expect((await migrate(catalog.pool, "drizzle")).length).toBeGreaterThan(0);
    expect(await migrate(catalog.pool, "drizzle")).toEqual([]);
    expect(Object.keys(await contents(catalog.pool))).toEqual(
      expect.arrayContaining(["backups", "restores", "sources", "users", "agenda_jobs"]),
    );
  });
});
