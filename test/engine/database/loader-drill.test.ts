import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DatabaseSummary } from "../../../server/domain/manifest.ts";
import { checksumOf } from "../../../server/engine/database/parallel-gate.ts";
import { findTools } from "../../../server/engine/database/tools.ts";
import { drillDatabase } from "../../../server/engine/verify-database.ts";
import { checkDump } from "../../../server/engine/verify-dump.ts";
import { Findings } from "../../../server/engine/verify-findings.ts";
import { Steps } from "../../../server/engine/verify-steps.ts";
import { quiet } from "../../support/nasty-backup.ts";
import { type ParallelDump, takeParallel } from "../../support/parallel-dump.ts";
import { freshDatabase } from "../../support/shared-server.ts";
import { storedDumpOf, writtenDump } from "../../support/written-dump.ts";

const tools = await findTools(null);
let source: Awaited<ReturnType<typeof freshDatabase>>;
let dump: ParallelDump;

beforeAll(async () => {
  source = await freshDatabase("drilled");
  await source.sql.query(`
    CREATE TABLE items (id int AUTO_INCREMENT PRIMARY KEY, name varchar(60), made datetime, KEY (name));
    INSERT INTO items (name, made) SELECT CONCAT('item ', seq), '2026-01-01' + INTERVAL seq SECOND FROM seq_1_to_30000;
    CREATE TABLE no_key (a int, b varbinary(20)) ENGINE=MyISAM;
    INSERT INTO no_key VALUES (1, x'00FF27'), (2, NULL), (3, ''), (1, x'00FF27');
    CREATE SEQUENCE numbers START WITH 7;
    CREATE VIEW names AS SELECT name FROM items;
    CREATE TRIGGER upper_case BEFORE INSERT ON items FOR EACH ROW SET NEW.name = UPPER(NEW.name)`);
  dump = await takeParallel(source.connection);
});
afterAll(() => source?.[Symbol.asyncDispose]());

/** A drill of the dump, with its record changed, in a database of its own beside the source. */
async function drilled(change: (summary: DatabaseSummary) => Partial<DatabaseSummary> = () => ({}), bytes = dump.bytes) {
  const name = `${source.name}_drill`;
  const summary = { ...dump.summary, ...change(dump.summary), name };
  const { content } = storedDumpOf(bytes, summary, "ZSTD", dump.size);
  const findings = new Findings(() => {});
  const said: string[] = [];
  const work = { ...quiet, say: (level: string, message: string) => said.push(`${level} ${message}`), report: () => {} };
  try {
    const tables = await drillDatabase({ content, connection: source.connection, tools, steps: new Steps(work, 1), work, findings });
    return { tables, problems: findings.all, said };
  } finally {
    await source.sql.query(`DROP DATABASE IF EXISTS \`${name}\``);
  }
}

describe("a drill of a dump by several connections", () => {
  it("loads it over several connections, and finds everything as it was", async () => {
    const { tables, problems, said } = await drilled();
    expect(problems).toEqual([]);
    expect(tables.map(({ table, restoredRows, matches }) => [table, restoredRows, matches])).toEqual([
      ["items", 30_000, true],
      ["no_key", 4, true],
      ["numbers", 1, true],
    ]);
    expect(said.join("\n")).toMatch(/The rows of 2 tables came over \d connections? by LOAD DATA/);
    const { content } = storedDumpOf(dump.bytes, dump.summary, "ZSTD", dump.size);
    expect(await checkDump(content, quiet.signal, () => {})).toEqual([]);
  });

  it("tells of rows that are not those of the backup, by the sums of their stretches", async () => {
    const other = (name: string) => (summary: DatabaseSummary) => ({
      tables: summary.tables.map((table) => (table.name === name ? { ...table, checksum: "0".repeat(64) } : table)),
    });
    expect((await drilled(other("items"))).problems).toEqual(["Table items: Its rows are not those that were backed up."]);
  });

  it("takes rows without a primary key that came back in another order for the same rows", async () => {
    const [rows, inOrder] = ["(3,'c'),\n(1,'a'),\n(2,NULL);\n", "INSERT INTO `no_key` (`a`,`b`) VALUES\n"];
    const text = `/*!40101 SET NAMES binary */;\n${inOrder}${rows}/*!40101 SET NAMES utf8mb4 */;\n`;
    const written = await writtenDump(
      [
        { table: null, rows: null, frames: ["/*!40101 SET NAMES utf8mb4 */;\n"] },
        // Its rows come in the order of its only key.
        { table: "no_key", rows: null, frames: ["CREATE TABLE `no_key` (\n  `a` int NOT NULL,\n  `b` text,\n  UNIQUE KEY (`a`)\n);\n"] },
        { table: "no_key", rows: 3, frames: [text] },
        { table: null, rows: null, frames: ["-- Dump completed\n"] },
      ],
      { no_key: 3 },
    );
    const ranges = [{ upTo: null, rows: 3, sha256: hashOf(inOrder + rows) }];
    const tables = written.summary.tables.map((table) => ({ ...table, ranges, checksum: checksumOf(ranges) }));
    const { problems, said } = await drilled(() => ({ ...written.summary, tables }), written.bytes);
    expect(problems).toEqual([]);
    expect(said.join("\n")).toContain("Table no_key came back in another order or form");
  });
});

const hashOf = (text: string) => createHash("sha256").update(text).digest("hex");
