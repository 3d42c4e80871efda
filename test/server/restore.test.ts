import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { answerOf, command } from "../support/command.ts";
import {
  addSource,
  backUp,
  beginBackup,
  beginRestore,
  endedRestore,
  follow,
  type Holdfast,
  restore,
  startHoldfast,
} from "../support/holdfast.ts";
import { leftovers } from "../support/nasty.ts";
import { freshDatabase } from "../support/shared-server.ts";
import { readTree } from "../support/trees.ts";

let holdfast: Holdfast;
let shop: Awaited<ReturnType<typeof freshDatabase>>;
let media: string;
let sourceId: string;
let backupId: string;
let mediaOnly: string;

beforeAll(async () => {
  [holdfast, shop] = [await startHoldfast(), await freshDatabase("shop")];
  await shop.sql.query(
    `CREATE TABLE customers (id int PRIMARY KEY, name varchar(50));
     CREATE TABLE orders (id int PRIMARY KEY, customer int, FOREIGN KEY (customer) REFERENCES customers (id));
     CREATE TABLE goods (id int PRIMARY KEY); CREATE TRIGGER on_goods BEFORE INSERT ON goods FOR EACH ROW SET NEW.id = NEW.id;
     CREATE VIEW names AS SELECT name FROM customers;
     INSERT INTO customers VALUES (1, 'Ann'), (2, 'Bo'); INSERT INTO orders VALUES (1, 1), (2, 2); INSERT INTO goods VALUES (1)`,
  );
  media = join(holdfast.home, "shop/media");
  await mkdir(join(media, "pictures"), { recursive: true });
  await writeFile(join(media, "pictures/cat.jpg"), "a cat");
  await writeFile(join(media, "readme.txt"), "read me");
  sourceId = await addSource(holdfast, "Shop", shop.name, [media]);
  backupId = (await backUp(holdfast, { type: "FULL", sourceId, name: "Yesterday" })).id;
  mediaOnly = (await backUp(holdfast, { type: "MEDIA", sourceId })).id;
});
afterAll(async () => {
  await holdfast[Symbol.asyncDispose]();
  await shop[Symbol.asyncDispose]();
});

const rows = async (query: string) => ((await shop.sql.query(`USE \`${shop.name}\`; ${query}`)) as unknown as [[unknown, unknown]])[0][1];
const plan = async (input: Record<string, unknown>) =>
  (
    await holdfast.graphql<{ restorePlan: Record<string, unknown> & { problems: { code: string; message: string }[] } }>(
      `query ($input: RestoreInput!) { restorePlan(input: $input) {
        backup { id } target { id } mode bytes expectedSeconds spaceNeeded spaceFree problems { code message hint }
        database { name exists tablesReplaced tablesAdded tablesRemoved tablesKept definitionsRemoved definitionsAdded } media { path exists filesReplaced filesAdded filesRemoved filesKept bytes } } }`,
      { input },
    )
  ).restorePlan;

describe("a restore of some of a backup", () => {
  it("brings one table and one folder back, tells beforehand what it does, and leaves all else as it is", async () => {
    await shop.sql.query(
      "DELETE FROM orders; DELETE FROM customers WHERE id = 2; UPDATE customers SET name = 'newer'; INSERT INTO orders VALUES (3, 1); CREATE TABLE newer (id int)",
    );
    await rm(join(media, "pictures"), { recursive: true });
    await writeFile(join(media, "readme.txt"), "newer");
    const input = { backupId, type: "FULL", tables: ["customers"], paths: ["media/pictures"] };
    expect(await plan(input)).toMatchObject({
      mode: "REPLACE",
      database: {
        name: shop.name,
        exists: true,
        tablesReplaced: ["customers"],
        tablesAdded: [],
        tablesRemoved: [],
        tablesKept: ["goods", "newer", "orders"],
        definitionsRemoved: [],
      },
      media: [{ path: media, exists: true, filesReplaced: 0, filesAdded: 1, filesRemoved: 0, filesKept: 1, bytes: 5 }],
      spaceNeeded: expect.any(Number),
      spaceFree: expect.any(Number),
      problems: [],
    });
    const ended = await restore(holdfast, input);
    expect(ended).toMatchObject({ status: "COMPLETED", error: null });
    expect(await rows("SELECT id, name FROM customers ORDER BY id")).toEqual([
      { id: 1, name: "Ann" },
      { id: 2, name: "Bo" },
    ]);
    expect(await rows("SELECT id FROM orders")).toEqual([{ id: 3 }]);
    await expect(shop.sql.query(`INSERT INTO \`${shop.name}\`.orders VALUES (4, 99)`)).rejects.toThrow("foreign key");
    expect(await readFile(join(media, "pictures/cat.jpg"), "utf8")).toBe("a cat");
    expect(await readFile(join(media, "readme.txt"), "utf8")).toBe("newer");
    const { restore: shown } = await holdfast.graphql<{ restore: object }>(
      "query ($id: ID!) { restore(id: $id) { tables paths targetDatabase uploads { id } result { tables rows files } } }",
      { id: ended.id },
    );
    expect(shown).toEqual({
      ...{ tables: ["customers"], paths: ["media/pictures"], targetDatabase: null, uploads: [] },
      result: { tables: 1, rows: 2, files: 1 },
    });
    expect(await leftovers(shop.sql, ended.id)).toEqual([]);
  });

  it("adds from the command line only what is missing, after a dry run that touches nothing", async () => {
    await shop.sql.query(`USE \`${shop.name}\`; DROP TABLE goods; UPDATE customers SET name = 'kept' WHERE id = 1`);
    const args = ["restore", backupId, "--type", "database", "--mode", "preserve"];
    const dry = await answerOf<{ database: object; problems: object[] }>(holdfast.env, ...args, "--dry-run");
    expect(dry).toMatchObject({ mode: "PRESERVE", database: { tablesAdded: ["goods"], tablesReplaced: [] }, problems: [] });
    await expect(shop.sql.query("SELECT * FROM goods")).rejects.toThrow("doesn't exist");
    const done = await answerOf<{ result: object }>(holdfast.env, ...args, "--no-pre-restore-backup", "--yes");
    expect(done).toMatchObject({ status: "COMPLETED", result: { tables: 1, rows: 1, triggers: 1 } });
    expect(await rows("SELECT name FROM customers WHERE id = 1")).toEqual([{ name: "kept" }]);
    const again = await answerOf<{ result: object }>(holdfast.env, ...args, "--table", "goods", "--table", "customers", "--yes");
    expect(again).toMatchObject({ status: "COMPLETED", result: { tables: 0, rows: 0 } });
  });

  it("leaves the media alone when the command line asks for a table, and the database when it asks for a path", async () => {
    const dry = (...args: string[]) =>
      answerOf<{ database: { tablesReplaced: string[] } | null; media: object[] }>(holdfast.env, "restore", backupId, ...args, "--dry-run");
    expect(await dry("--table", "customers")).toMatchObject({ database: { tablesReplaced: ["customers"] }, media: [] });
    expect(await dry("--path", "media/pictures")).toMatchObject({ database: null, media: [{ path: media }] });
  });
});

describe("a restore into another database", () => {
  it("makes it, takes no safety copy, and leaves the source's own alone", async () => {
    const other = `${shop.name}_other`;
    expect(await plan({ backupId, type: "DATABASE", targetDatabase: other })).toMatchObject({
      database: { name: other, exists: false, tablesAdded: ["customers", "goods", "orders"], definitionsAdded: 2 },
      problems: [],
    });
    const ended = await restore(holdfast, { backupId, type: "DATABASE", targetDatabase: other });
    expect(ended).toMatchObject({ status: "COMPLETED", error: null });
    const { restore: shown } = await holdfast.graphql<{ restore: object }>(
      "query ($id: ID!) { restore(id: $id) { targetDatabase preRestoreBackup { id } } }",
      { id: ended.id },
    );
    expect(shown).toEqual({ targetDatabase: other, preRestoreBackup: null });
    expect(await rows(`SELECT name FROM \`${other}\`.names ORDER BY name`)).toEqual([{ name: "Ann" }, { name: "Bo" }]);
    expect(await rows("SELECT name FROM customers WHERE id = 1")).toEqual([{ name: "kept" }]);

    // It holds something now, and no safety copy can be taken of it.
    await expect(beginRestore(holdfast, { backupId, type: "DATABASE", targetDatabase: other })).rejects.toThrow(
      /^BAD_USER_INPUT: .*not empty/,
    );
    const over = { backupId, type: "DATABASE", targetDatabase: other, backupBeforeRestore: false };
    expect(await restore(holdfast, over)).toMatchObject({ status: "COMPLETED", error: null });
    await shop.sql.query(`DROP DATABASE \`${other}\``);
  });

  it.each([true, false])("drops it again when the restore fails (staged: %s)", async (staged) => {
    const other = `${shop.name}_failing`;
    const user = `u_${shop.name.slice(-10)}_${staged}`;
    // May make the database, but no definitions that run as root.
    await shop.sql.query(
      `CREATE USER ${user}@localhost IDENTIFIED BY 'pw'; GRANT ALL ON \`${other}\`.* TO ${user}@localhost; GRANT ALL ON \`\\_holdfast\\_%\`.* TO ${user}@localhost; GRANT ALL ON \`${shop.name}\`.* TO ${user}@localhost`,
    );
    const { updateSource } = await holdfast.graphql<{ updateSource: { id: string } }>(
      "mutation ($id: ID!, $input: SourceInput!) { updateSource(id: $id, input: $input) { id } }",
      {
        id: await addSource(holdfast, `Poor ${staged}`, shop.name),
        input: {
          name: `Poor ${staged}`,
          database: { socketPath: shop.connection.socketPath, user, password: "pw", database: shop.name },
        },
      },
    );
    const ended = await restore(holdfast, { backupId, type: "DATABASE", targetSourceId: updateSource.id, targetDatabase: other, staged });
    expect(ended).toMatchObject({ status: "FAILED", error: { code: "LOAD_FAILED" } });
    expect(await rows(`SHOW DATABASES LIKE '${other.replaceAll("_", "\\_")}'`)).toEqual([]);
    expect(await leftovers(shop.sql, ended.id)).toEqual([]);
    await shop.sql.query(`DROP USER ${user}@localhost`);
  });
});

describe("a request for a restore", () => {
  const refused = [
    ["neither a backup nor uploads", { backupId: null }, "Name what to restore."],
    ["both a backup and uploads", { uploadIds: ["u"] }, "of a backup or of uploads, not of both"],
    ["rewrites of a backup", { rewrites: { stripDefiner: true } }, "Only uploads are rewritten"],
    ["a table that the backup does not hold", { tables: ["orders", "no such", "neither"] }, "no table no such."],
    ["no table", { tables: [] }, "No table is chosen."],
    ["a table twice", { tables: ["orders", "orders"] }, "named twice"],
    ["tables with the media alone", { type: "MEDIA", tables: ["orders"] }, "only where the database is restored"],
    ["a path that the backup does not hold", { paths: ["media/pictures", "media/none"] }, "media/none"],
    ["a path that leaves the archive", { paths: ["../media"] }, "../media"],
    ["no path", { paths: [] }, "No path is chosen."],
    ["paths with the database alone", { type: "DATABASE", paths: ["media"] }, "only where the media are restored"],
    ["a part that the backup lacks", { backupId: () => mediaOnly }, "holds no database"],
    ["in place without a way back", { staged: false, backupBeforeRestore: false }, "needs the pre-restore backup"],
    ["a system's database", { type: "DATABASE", targetDatabase: "MySQL" }, "is not a database to restore into"],
    ["one of our own", { type: "DATABASE", targetDatabase: "_holdfast_new_x" }, "is not a database to restore into"],
    ["a name that is none", { type: "DATABASE", targetDatabase: "a\nb" }, "no name of a database"],
    ["a name that is too long", { type: "DATABASE", targetDatabase: "x".repeat(65) }, "no name of a database"],
    ["the media alone without binary log", { type: "MEDIA", skipBinaryLog: true }, "only where the database is restored"],
    ["another database for the media alone", { type: "MEDIA", targetDatabase: "other" }, "only where the database is restored"],
  ] as const;

  it.each(refused)("is refused for %s, by the plan too", async (_name, over, message) => {
    const input = Object.fromEntries(
      Object.entries({ backupId, type: "FULL", ...over }).map(([key, value]) => [key, typeof value === "function" ? value() : value]),
    );
    await expect(beginRestore(holdfast, input)).rejects.toThrow(new RegExp(`^BAD_USER_INPUT: .*${message.replaceAll(".", "\\.")}`));
    const told = await plan(input).then(
      ({ problems }) => problems.map((problem) => `${problem.code}: ${problem.message}`),
      (error: Error) => [error.message],
    );
    expect(told.join("\n")).toContain(message);
  });

  it("may leave the binary log out, and says by the API and on the command line what follows", async () => {
    const note = "The target's server keeps no binary log: there is none to leave out.";
    const { restorePlan } = await holdfast.graphql<{ restorePlan: object }>(
      "query ($input: RestoreInput!) { restorePlan(input: $input) { notes problems { message } } }",
      { input: { backupId, type: "DATABASE", skipBinaryLog: true } },
    );
    expect(restorePlan).toEqual({ notes: [note], problems: [] });
    const wish = ["restore", backupId, "--type", "database", "--skip-binary-log", "--dry-run"];
    expect(await command(holdfast.env, wish)).toMatchObject({ code: 0, stdout: expect.stringContaining(note) });
    expect(
      (
        await command(
          holdfast.env,
          wish.filter((word) => word !== "--skip-binary-log"),
        )
      ).stdout,
    ).not.toContain("binary log");
    const help = await command(holdfast.env, ["help", "restore"]);
    expect(help.stdout.replaceAll(/\s+/g, " ")).toContain("replicas do not get it and have to be set up anew");
  });

  it("is refused for the database of another source, which is named", async () => {
    await using other = await freshDatabase("protected");
    await addSource(holdfast, "Protected", other.name);
    await expect(beginRestore(holdfast, { backupId, type: "DATABASE", targetDatabase: other.name })).rejects.toThrow(
      /BAD_USER_INPUT: .* is the database of the source Protected/,
    );
  });

  it("is refused while a restore runs that another process began, whatever the database of the target", async () => {
    await shop.sql.query(`USE \`${shop.name}\`; LOCK TABLES customers WRITE`);
    const id = await beginRestore(holdfast, { backupId, type: "DATABASE", tables: ["customers"], backupBeforeRestore: false });
    const input = { backupId, type: "DATABASE", targetDatabase: `${shop.name}_busy` };
    await expect(beginRestore(holdfast, input)).rejects.toThrow("CONFLICT");
    expect((await plan(input)).problems).toMatchObject([{ code: "CONFLICT" }]);
    await expect(beginBackup(holdfast, { type: "DATABASE", sourceId })).rejects.toThrow("CONFLICT");
    const beside = await command(holdfast.env, ["restore", backupId, "--type", "media", "--yes"]);
    expect(beside).toMatchObject({ code: 1, stderr: expect.stringContaining("Shop is busy") });
    await shop.sql.query("UNLOCK TABLES");
    await follow(holdfast, id);
    expect(await endedRestore(holdfast, id)).toMatchObject({ status: "COMPLETED" });
  });

  it("leaves every file as it was", async () => {
    expect(Object.keys(await readTree(media))).toEqual([".", "pictures", "pictures/cat.jpg", "readme.txt"]);
  });
});
