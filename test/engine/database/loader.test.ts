import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Section } from "../../../server/domain/manifest.ts";
import { type StageRequest, stageDatabase } from "../../../server/engine/database/scratch.ts";
import { runToEnd } from "../../../server/engine/database/statement-run.ts";
import { finishDatabase, swapDatabase } from "../../../server/engine/database/swap.ts";
import { findTools } from "../../../server/engine/database/tools.ts";
import type { PartProgress } from "../../../server/engine/part.ts";
import type { Compression } from "../../../shared/enums.ts";
import { freshAccount } from "../../support/accounts.ts";
import { leftovers } from "../../support/nasty.ts";
import { quiet } from "../../support/nasty-backup.ts";
import { freshDatabase } from "../../support/shared-server.ts";
import { frameOf, type WrittenSection, writtenDump } from "../../support/written-dump.ts";

const tools = await findTools(null);
const restores: string[] = [];
/** What this file's restores left beside their targets; other tests use the same server. */
const left = async () => (await Promise.all(restores.map((id) => leftovers(target.sql, id)))).flat();
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

const others = "CREATE TABLE `others` (`id` int NOT NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB";

async function restore(
  sections: readonly WrittenSection[],
  rows: Record<string, number>,
  over: Partial<StageRequest> = {},
  compression: Compression = "ZSTD",
) {
  await restoreOf(await writtenDump(sections, rows, compression), over);
}

async function restoreOf({ content, summary }: Awaited<ReturnType<typeof writtenDump>>, over: Partial<StageRequest> = {}) {
  const restoreId = randomUUID();
  restores.push(restoreId);
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

const whole = frameOf("items", "`id`,`name`", ["(1,'a')", "(2,NULL)"]);
const other = frameOf("others", "`id`", ["(1)"]);
const statement = "INSERT INTO `items` (`id`,`name`) VALUES\n(1,'a'),\n(2,NULL);\n";

describe("the loader", () => {
  it("loads frames of several tables in whatever order they come", async () => {
    const said: string[] = [];
    const sections = [
      ...[head, create(items), create(others), rowsOf("items", 2, whole), rowsOf("others", 1, other)],
      rowsOf("items", 1, frameOf("items", "`id`,`name`", ["(30,'),\\n(\\'\\0')"])),
      tail,
    ];
    for (const compression of ["ZSTD", "GZIP", "NONE"] as const) {
      await restore(sections, { items: 3, others: 1 }, { say: (level, message) => said.push(`${level} ${message}`) }, compression);
      const [rows] = await target.sql.query("SELECT * FROM items ORDER BY id");
      expect([compression, rows]).toEqual([
        compression,
        [
          { id: 1, name: "a" },
          { id: 2, name: null },
          { id: 30, name: "),\n('\0" },
        ],
      ]);
      const [[shown]] = (await target.sql.query("SHOW CREATE TABLE items")) as unknown as [[{ "Create Table": string }]];
      expect(shown["Create Table"]).toMatch(/KEY `name` \(`name`\)[\s\S]*AUTO_INCREMENT=50/);
    }
    expect(said.filter((line) => line.includes("came over"))).toHaveLength(3);
    expect(said.filter((line) => line.startsWith("WARN"))).toEqual([]);
  });

  it("lets nothing but rows reach the server, and leaves nothing of a dump that holds more or less", async () => {
    await target.sql.query("CREATE TABLE victim (id int PRIMARY KEY); INSERT INTO victim VALUES (1)");
    const hostile: [what: string, frame: string, code: string][] = [
      ["another statement", whole.replace(statement, `${statement}DROP TABLE victim;\n`), "ARTIFACT_CORRUPT"],
      ["a row with too many values", whole.replace("(2,NULL)", "(2,NULL,3)"), "LOAD_FAILED"],
      ["the same row twice", whole.replace("(2,NULL)", "(1,'a')"), "LOAD_FAILED"],
      ["one row less", whole.replace(",\n(2,NULL)", ""), "ARTIFACT_CORRUPT"],
    ];
    const sectionsWith = (frame: string) => [head, create(items), { table: "items", rows: 2, frames: [frame] }, tail];
    for (const [what, frame, code] of hostile) {
      const failed = await restore(sectionsWith(frame), { items: 2 }).catch((error: unknown) => error);
      expect([what, failed]).toEqual([what, expect.objectContaining({ code })]);
      expect([what, (await target.sql.query("SELECT * FROM victim"))[0]]).toEqual([what, [{ id: 1 }]]);
    }
    expect((await target.sql.query("SHOW TABLES"))[0]).toHaveLength(1);
    expect(await left()).toEqual([]);
  });

  it("needs no more rights than the client program, and leaves nothing when it is cancelled", async () => {
    const rows = Array.from({ length: 2000 }, (_, id) => `(${id + 1},'name ${id}')`);
    const sections = [head, create(items), rowsOf("items", 2000, frameOf("items", "`id`,`name`", rows)), tail];
    await using account = await freshAccount(target.sql, target.connection, [`ALL ON \`${target.name}\`.*`, "ALL ON `\\_holdfast\\_%`.*"]);
    await restore(sections, { items: 2000 }, { connection: account.connection });
    expect((await target.sql.query("SELECT COUNT(*) AS n FROM items"))[0]).toEqual([{ n: 2000 }]);

    const cancelling = new AbortController();
    const observe = ({ item }: PartProgress) => {
      if (item === "items") cancelling.abort(new Error("cancelled"));
    };
    await expect(restore(sections, { items: 2000 }, { observe, signal: cancelling.signal })).rejects.toThrow("cancelled");
    expect(await left()).toEqual([]);
  });

  it("has the server end a long statement that is cancelled, so that its table can be dropped", async () => {
    const cancelling = new AbortController();
    const running = async () => {
      const sql = "SELECT COUNT(*) AS n FROM information_schema.PROCESSLIST WHERE DB = ? AND INFO LIKE 'DO SLEEP%'";
      return ((await target.sql.query(sql, [target.name]))[0] as { n: number }[])[0]?.n;
    };
    const ended = expect(runToEnd(target.connection, "DO SLEEP(600)", cancelling.signal)).rejects.toThrow("cancelled");
    await vi.waitUntil(running);
    cancelling.abort(new Error("cancelled"));
    await ended;
    await vi.waitUntil(async () => (await running()) === 0);
  });

  it("says ARTIFACT_CORRUPT of stored bytes that are not those of the backup", async () => {
    const sections = [
      head,
      create(items),
      rowsOf("items", 2, whole),
      rowsOf("items", 1, frameOf("items", "`id`,`name`", ["(3,'c')"])),
      tail,
    ];
    const dump = await writtenDump(sections, { items: 3 });
    const bytes = Buffer.from(dump.bytes);
    const last = dump.summary.sections?.[3];
    const at = (last?.offset ?? 0) + (last?.storedSize ?? 0) - 2;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    dump.storage.files.set(dump.name, bytes);
    await expect(restoreOf(dump)).rejects.toMatchObject({ code: "ARTIFACT_CORRUPT" });
    // Whole frames in the place of others are found by the checksums of their sections.
    dump.storage.files.set(dump.name, swapped(dump.bytes, dump.summary.sections ?? []));
    await expect(restoreOf(dump)).rejects.toMatchObject({ code: "ARTIFACT_CORRUPT" });
    expect((await target.sql.query("SHOW TABLES"))[0]).toEqual([]);
  });
});

/** The dump with the frames of its two sections of rows in each other's place. */
function swapped(bytes: Buffer, sections: readonly Section[]): Buffer {
  const cut = sections.map(({ offset, storedSize }) => bytes.subarray(offset, offset + storedSize));
  const [first, second, third, fourth, ...rest] = cut;
  return Buffer.concat([first, second, fourth, third, ...rest].flatMap((piece) => piece ?? []));
}
