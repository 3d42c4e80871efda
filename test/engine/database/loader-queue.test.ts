import { describe, expect, it } from "vitest";
import { deferredKeys } from "../../../server/engine/database/deferred-keys.ts";
import { TableQueue } from "../../../server/engine/database/loader-queue.ts";
import { effortOf } from "../../../server/engine/database/loader-tables.ts";

/** A table of so many rows and bytes, stored in `parts`, with these keys besides its primary one. */
function tableOf(table: string, { rows, size, keys, parts = 1 }: { rows: number; size: number; keys: readonly string[]; parts?: number }) {
  const create = `CREATE TABLE \`${table}\` (\n  \`id\` int NOT NULL,\n  PRIMARY KEY (\`id\`)${keys.map((key) => `,\n  ${key}`).join("")}\n) ENGINE=InnoDB`;
  const deferred = deferredKeys(create);
  const stretch = { rows: rows / parts, size: size / parts, frames: [], open: async function* () {} };
  const stretches = Array.from({ length: parts }, () => stretch);
  return { table, columns: ["id"], loose: [], stretches, size, effort: effortOf(deferred, rows, size), create, deferred };
}

describe("the queue of a load", () => {
  it("begins with the tables that take longest, their keys among it, so that no lane ends with a slow key while the others are idle", () => {
    const queue = new TableQueue(
      [
        tableOf("wide", { rows: 100, size: 30e6, keys: ["KEY `a` (`a`)"] }),
        tableOf("words", { rows: 20_000, size: 12e6, keys: ["FULLTEXT KEY `w` (`w`)"] }),
        tableOf("narrow", { rows: 1_000_000, size: 20e6, keys: ["KEY `a` (`a`)", "KEY `b` (`b`)"] }),
        tableOf("plain", { rows: 100_000, size: 25e6, keys: [] }),
      ],
      true,
    );
    const order = [];
    for (let next = queue.next(); next; next = queue.next()) {
      order.push(next.table.table);
      for (const _stretch of next.take());
    }
    expect(order).toEqual(["narrow", "words", "wide", "plain"]);
  });

  it("lets a lane that has nothing left help with a table of several parts, and tells the last of them", () => {
    const queue = new TableQueue([tableOf("large", { rows: 4, size: 40e6, keys: [], parts: 4 })], true);
    const first = queue.next();
    first?.take().next();
    const second = queue.next();
    expect(second).toBe(first);
    if (!first || !second) throw new Error("There was nothing to load");
    expect([queue.done(first, 3), queue.done(second, 1)]).toEqual([false, true]);
    expect(first.rows).toBe(4);
  });
});
