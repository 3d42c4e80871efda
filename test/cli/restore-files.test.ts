import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { RowDataPacket } from "mysql2/promise";
import { expect, inject, it } from "vitest";
import { command } from "../support/command.ts";
import { freshDatabase } from "../support/shared-server.ts";
import { scratchFolder } from "../support/trees.ts";
import { temporaryFolder } from "../support/uploads.ts";

it("restore-files inspects a dump, names what is wrong or differs, and restores it with the rewrites that are asked for", async () => {
  await using folder = await temporaryFolder();
  await using database = await freshDatabase("shop");
  await using catalog = await freshDatabase("catalog");
  await database.sql.query("CREATE TABLE old (id int)");
  const { port, password } = inject("mariadb");
  const home = await scratchFolder();
  const env = {
    HOLDFAST_HOME: home,
    HOLDFAST_DATABASE_URL: `mysql://root:${encodeURIComponent(password)}@127.0.0.1:${port}/${catalog.name}`,
    BACKUP_MYSQL_SOCKET: database.connection.socketPath ?? "",
    BACKUP_MYSQL_USER: "root",
    BACKUP_MYSQL_PASSWORD: password,
    BACKUP_MYSQL_DATABASE: database.name,
  };
  const dump = await readFile(join(import.meta.dirname, "../fixtures/dumps/mysql-8.0-databases.sql"));
  const good = join(folder.path, "shop.sql");
  await writeFile(good, gzipSync(dump));
  const bad = join(folder.path, "bad.sql");
  await writeFile(bad, "CREATE TABLE t (a int);\n\\! touch /tmp/never\n");
  const run = (...args: string[]) => command(env, ["restore-files", ...args]);
  const tables = async () => (await database.sql.query<RowDataPacket[]>("SHOW TABLES"))[0].flatMap((row) => Object.values(row));

  expect(await run(bad, "--yes")).toEqual({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(
      /^bad\.sql: refused: Line 2: \\! is a command for the client program[\s\S]*\nbad\.sql cannot be restored: Line 2/,
    ),
  });
  expect(await run(good, "--map-collation", "odd", "--yes")).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^odd is no mapping/),
  });
  expect(await run(join(folder.path, "none.sql"), "--yes")).toMatchObject({ code: 2, stderr: expect.stringMatching(/is not a file/) });
  const unknown = await run(good, "--yes");
  expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining("does not know the collation utf8mb4_0900_ai_ci") });
  expect(unknown.stderr).toContain("--map-collation utf8mb4_0900_ai_ci=utf8mb4_unicode_520_ci");
  const mapping = ["--strip-definer", "--map-collation", "utf8mb4_0900_ai_ci=utf8mb4_unicode_520_ci"];
  const planned = await run(good, ...mapping, "--dry-run", "--json");
  expect(JSON.parse(planned.stdout)).toMatchObject({ database: { tablesAdded: ["customer", "visit"], tablesRemoved: ["old"] } });
  expect(await tables()).toEqual(["old"]);

  const done = await run(good, ...mapping, "--yes");
  expect(done).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Restored and checked: 2 tables, 5 rows/) });
  expect(done.stderr).toContain("shop.sql: note: The file's name promises something else than it is: by its content it is sql.gz.");
  expect(await tables()).toEqual(["customer", "visit"]);
  expect(await readdir(join(home, "uploads"))).toEqual([]);
});
