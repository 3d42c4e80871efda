import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { command } from "../support/command.ts";
import { addSource, backUp, follow, type Holdfast, restore, startHoldfast } from "../support/holdfast.ts";
import { freshDatabase } from "../support/shared-server.ts";
import { temporaryFolder } from "../support/uploads.ts";

let holdfast: Holdfast;
let shop: Awaited<ReturnType<typeof freshDatabase>>;
let sourceId: string;
beforeAll(async () => {
  holdfast = await startHoldfast();
  shop = await freshDatabase("parallel");
  sourceId = await addSource(holdfast, "Shop", shop.name);
});
afterAll(async () => {
  await holdfast?.[Symbol.asyncDispose]();
  await shop?.[Symbol.asyncDispose]();
});

/** Bytes that are no UTF-8 in a column that is not either, and rows that look like the end of a statement. */
beforeEach(async () => {
  await shop.sql.query(`
    DROP TABLE IF EXISTS items, orders, log;
    CREATE TABLE orders (id int AUTO_INCREMENT PRIMARY KEY, name varchar(50) CHARACTER SET latin1, KEY (name));
    CREATE TABLE items (id int PRIMARY KEY, order_id int, FOREIGN KEY (order_id) REFERENCES orders (id));
    CREATE TABLE log (what text);
    INSERT INTO orders VALUES (1, _latin1 X'E9E8'), (2, '),\\n(3,\\'x'), (7, NULL);
    INSERT INTO items VALUES (1, 1), (2, 7);
    CREATE TRIGGER told AFTER INSERT ON orders FOR EACH ROW INSERT INTO log VALUES ('new');
    INSERT INTO orders VALUES (8, 'after the trigger')`);
});

const content = async () => {
  const [tables] = await shop.sql.query<RowDataPacket[]>("SHOW TABLES");
  const all: Record<string, unknown> = {};
  for (const table of tables.flatMap((row) => Object.values(row) as string[]))
    all[table] = (await shop.sql.query(`SELECT ${table === "orders" ? "id, HEX(name)" : "*"} FROM \`${table}\` ORDER BY 1`))[0];
  return all;
};

interface Proof {
  readonly status: string;
  readonly passed: boolean | null;
  readonly problems: readonly string[];
  readonly tables: readonly { readonly table: string; readonly matches: boolean }[];
}
/** The outcome of a drill of the backup. */
async function drilled(backupId: string): Promise<Proof> {
  const { verifyBackup } = await holdfast.graphql<{ verifyBackup: { id: string } }>(
    "mutation ($id: ID!) { verifyBackup(id: $id, level: RESTORE) { id } }",
    { id: backupId },
  );
  await follow(holdfast, verifyBackup.id);
  const document = "query ($id: ID!) { verification(id: $id) { status passed problems tables { table matches } } }";
  return (await holdfast.graphql<{ verification: Proof }>(document, verifyBackup)).verification;
}

it("a backup by several connections, encrypted, is proved by a drill, and restores one table, what is missing, and everything", async () => {
  const before = await content();
  const { id: backupId } = await backUp(holdfast, { sourceId, type: "DATABASE", databaseEngine: "PARALLEL", encrypt: true });
  const { backup } = await holdfast.graphql<{ backup: { engineUsed: string } }>("query ($id: ID!) { backup(id: $id) { engineUsed } }", {
    id: backupId,
  });
  expect(backup.engineUsed).toBe("PARALLEL");
  const proof = await drilled(backupId);
  expect(proof).toMatchObject({ status: "COMPLETED", passed: true, problems: [] });
  expect(proof.tables).toEqual(["items", "log", "orders"].map((table) => ({ table, matches: true })));

  await shop.sql.query("DROP TABLE items; DELETE FROM orders WHERE id > 1");
  expect(await restore(holdfast, { type: "DATABASE", backupId, tables: ["orders"], backupBeforeRestore: false })).toMatchObject({
    status: "COMPLETED",
  });
  expect(await content()).toEqual({ orders: before.orders, log: before.log });

  await shop.sql.query("DELETE FROM orders WHERE id = 2");
  expect(await restore(holdfast, { type: "DATABASE", backupId, mode: "PRESERVE", backupBeforeRestore: false })).toMatchObject({
    status: "COMPLETED",
  });
  expect(await content()).toMatchObject({ items: before.items, orders: [{ id: 1 }, { id: 7 }, { id: 8 }] });

  expect(await restore(holdfast, { type: "DATABASE", backupId, backupBeforeRestore: false })).toMatchObject({ status: "COMPLETED" });
  expect(await content()).toEqual(before);
});

it("its dump, downloaded and brought to another place, is inspected and restored like any other", async () => {
  const before = await content();
  const { id } = await backUp(holdfast, { sourceId, type: "DATABASE", databaseEngine: "PARALLEL", encrypt: false });
  const { createDownload } = await holdfast.graphql<{ createDownload: { url: string } }>(
    'mutation ($id: ID!) { createDownload(backupId: $id, artifact: "database.sql.zst") { url } }',
    { id },
  );
  await using folder = await temporaryFolder();
  const dump = join(folder.path, "dump.sql.zst");
  await writeFile(dump, Buffer.from(await (await fetch(createDownload.url)).arrayBuffer()));
  await shop.sql.query("DROP TABLE items, orders, log");
  expect(await command(holdfast.env, ["restore-files", dump, "--yes"])).toMatchObject({ code: 0 });
  expect(await content()).toEqual(before);
});
