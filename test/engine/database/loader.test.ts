import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type StageRequest, stageDatabase } from "../../../server/engine/database/scratch.ts";
import { finishDatabase, swapDatabase } from "../../../server/engine/database/swap.ts";
import { findTools } from "../../../server/engine/database/tools.ts";
import { leftovers } from "../../support/nasty.ts";
import { quiet } from "../../support/nasty-backup.ts";
import { freshDatabase } from "../../support/shared-server.ts";
import { frameOf, type WrittenSection, writtenDump } from "../../support/written-dump.ts";

const tools = await findTools(null);
let target: Awaited<ReturnType<typeof freshDatabase>>;
beforeEach(async () => {
  target = await freshDatabase("loader");
});
afterEach(() => target[Symbol.asyncDispose]());

const create = (text: string): WrittenSection => {
  const table = /CREATE TABLE `(\w+)`/.exec(text)?.[1] ?? "";
  return { table, rows: null, frames: [`DROP TABLE IF EXISTS \`${table}\`;\n${text};\n`] };
};
const head: WrittenSection = {
  table: null,
  rows: null,
  frames: ["/*!40101 SET NAMES utf8mb4 */;\n/*!40014 SET FOREIGN_KEY_CHECKS=0 */;\n"],
};
const tail: WrittenSection = { table: null, rows: null, frames: ["-- Dump completed\n"] };
const rowsOf = (table: string, rows: number, ...frames: string[]): WrittenSection => ({ table, rows, frames });

const items =
  "CREATE TABLE `items` (`id` int NOT NULL AUTO_INCREMENT, `name` varchar(20), PRIMARY KEY (`id`), KEY `name` (`name`)) ENGINE=InnoDB AUTO_INCREMENT=50";

async function restore(sections: readonly WrittenSection[], rows: Record<string, number>, over: Partial<StageRequest> = {}) {
  const { content, summary } = await writtenDump(sections, rows);
  const restoreId = randomUUID();
  const plan = await stageDatabase({
    ...{ connection: target.connection, tools, content, mode: "REPLACE", tables: null, expected: summary, restoreId, keysLaterFrom: 0 },
    ...quiet,
    observe: () => {},
    ...over,
  });
  if (!plan) throw new Error("There was nothing to restore");
  await swapDatabase(target.connection, tools, plan, quiet);
  await finishDatabase(target.connection, plan);
}

describe("the loader", () => {
  it("loads frames of several tables", async () => {
    const said: string[] = [];
    await restore(
      [
        head,
        create(items),
        rowsOf("items", 2, frameOf("items", "`id`,`name`", ["(1,'a\\'b')", "(2,NULL)"])),
        rowsOf("items", 1, frameOf("items", "`id`,`name`", ["(30,'),\\n(')"])),
        tail,
      ],
      { items: 3 },
      { say: (level, message) => said.push(`${level} ${message}`) },
    );
    const [rows] = await target.sql.query("SELECT * FROM items ORDER BY id");
    expect(rows).toEqual([
      { id: 1, name: "a'b" },
      { id: 2, name: null },
      { id: 30, name: "),\n(" },
    ]);
    expect(said).toContain("INFO The rows of 1 table came over 1 connection by LOAD DATA.");
    expect(await leftovers(target.sql)).toEqual([]);
  });
});
