import { afterAll, beforeAll, expect, it } from "vitest";
import { withSession } from "../../../server/engine/database/client.ts";
import { underLock } from "../../../server/engine/database/parallel-lock.ts";
import { freshDatabase } from "../../support/shared-server.ts";

let shop: Awaited<ReturnType<typeof freshDatabase>>;
beforeAll(async () => {
  shop = await freshDatabase("lock");
  await shop.sql.query(
    "CREATE TABLE a (id int PRIMARY KEY, v int); CREATE TABLE b LIKE a; INSERT INTO a VALUES (1, 1); INSERT INTO b VALUES (1, 1)",
  );
});
afterAll(() => shop?.[Symbol.asyncDispose]());

/** Locks both tables of the database while `open` runs. */
const locked = (open: () => Promise<void>) =>
  withSession(shop.connection, (session) => underLock({ session, tables: ["a", "b"], methods: ["LOCK_TABLES"], open }));

it("keeps everybody from writing to any of the tables while the snapshots are opened, and no longer", async () => {
  await shop.sql.query("SET lock_wait_timeout = 0");
  const write = (table: string) => shop.sql.query(`UPDATE ${table} SET v = v + 1`);
  const lock = await locked(async () => {
    for (const table of ["a", "b"]) await expect(write(table)).rejects.toMatchObject({ code: "ER_LOCK_WAIT_TIMEOUT" });
  });
  expect(lock.method).toBe("LOCK_TABLES");
  for (const table of ["a", "b"]) await write(table);
});

it("waits for a transaction of the shop in such a way that the transaction never becomes the victim of a deadlock", async () => {
  await shop.sql.query("SET lock_wait_timeout = 5; START TRANSACTION; UPDATE b SET v = 7");
  const opened = locked(async () => {});
  // It waits for b by now; had it a already, the transaction and it would wait for each other.
  await withSession(shop.connection, async (session) => {
    await expect
      .poll(
        async () =>
          JSON.stringify(await session.query("SELECT INFO FROM information_schema.PROCESSLIST WHERE INFO LIKE 'LOCK TABLES `a`%'")),
        {
          interval: 1,
          timeout: 1500,
        },
      )
      .toContain("LOCK TABLES");
  });
  await shop.sql.query("UPDATE a SET v = 7; COMMIT");
  expect((await opened).method).toBe("LOCK_TABLES");
});
