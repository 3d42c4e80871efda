import { asc, eq } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Db } from "../../server/db/client.ts";
import { marks } from "../../server/db/schema/index.ts";
import { freshCatalog } from "../support/catalog.ts";

let own: Awaited<ReturnType<typeof freshCatalog>>;
beforeAll(async () => {
  own = await freshCatalog();
  await own.catalog.db.insert(marks).values(["a", "b"].map((name) => ({ name, value: 0 })));
});
afterAll(() => own?.[Symbol.asyncDispose]());

const set = (db: Db, name: string, value: number) => db.update(marks).set({ value }).where(eq(marks.name, name));
const values = async () => (await own.catalog.db.select().from(marks).orderBy(asc(marks.name))).map(({ value }) => value);

/** Two of them meet once each holds its first row and wants the other's. */
function meeting() {
  let arrived = 0;
  const met = Promise.withResolvers<void>();
  return () => {
    arrived += 1;
    if (arrived === 2) met.resolve();
    return met.promise;
  };
}

it("does a transaction again that the catalog's server gave up in a deadlock", async () => {
  const meet = meeting();
  let begun = 0;
  const both = (first: string, second: string, value: number) =>
    own.catalog.db.transaction(async (tx) => {
      begun += 1;
      await set(tx, first, value);
      await meet();
      await set(tx, second, value);
    });
  await Promise.all([both("a", "b", 1), both("b", "a", 2)]);
  expect(begun).toBe(3);
  const [a, b] = await values();
  expect([1, 2]).toContain(a);
  expect(b).toBe(a);
});

it("does a statement again that the catalog's server gave up in a deadlock", async () => {
  const holder = await own.catalog.pool.getConnection();
  try {
    await holder.query("START TRANSACTION");
    // Much changed: of two, the server gives up the one that has changed less.
    for (let each = 0; each < 50; each += 1) await holder.query("INSERT INTO marks (name, value) VALUES (?, '0')", [`held ${each}`]);
    await holder.query("UPDATE marks SET value = '3' WHERE name = 'b'");
    // It reads the rows in their order: it has a by then, and waits for b.
    const all = own.catalog.db.update(marks).set({ value: 4 });
    const done = all.then(() => "done");
    await expect
      .poll(async () => (await own.catalog.pool.query<never[]>("SELECT 1 FROM information_schema.innodb_lock_waits"))[0].length)
      .toBeGreaterThan(0);
    await holder.query("UPDATE marks SET value = '3' WHERE name = 'a'");
    await holder.query("COMMIT");
    expect(await done).toBe("done");
    expect(new Set(await values())).toEqual(new Set([4]));
  } finally {
    holder.release();
  }
});
