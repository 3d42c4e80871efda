import { createHash } from "node:crypto";
import type { RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { between } from "../../../server/engine/database/parallel-query.ts";
import { readRangeSums } from "../../../server/engine/database/parallel-sums.ts";
import { type ParallelDump, restoreStock, takeParallel, textOf } from "../../support/parallel-dump.ts";
import { freshDatabase } from "../../support/shared-server.ts";

type Database = Awaited<ReturnType<typeof freshDatabase>>;
const limits = { threads: 3, bytesPerSecond: null, lowPriority: false };
const signal = new AbortController().signal;

let source: Database;
let dump: ParallelDump;
beforeAll(async () => {
  source = await freshDatabase("ranges");
  // Each is larger than a stretch. Half of the one's keys lie in a tenth of a thousandth of its span; the other's first column tells little apart.
  await source.sql.query(
    `CREATE TABLE skewed (id BIGINT PRIMARY KEY, v CHAR(250) CHARACTER SET latin1) STATS_PERSISTENT=1;
     INSERT INTO skewed SELECT CAST(seq AS SIGNED) - 30000, REPEAT(CHAR(65 + seq % 26), 250) FROM seq_1_to_60000;
     INSERT INTO skewed SELECT 9223372036854775807 - 1000000007 * CAST(seq AS SIGNED), REPEAT('y', 250) FROM seq_0_to_9999;
     INSERT INTO skewed VALUES (-9223372036854775808, 'first');
     CREATE TABLE composite (tenant INT UNSIGNED, line BIGINT, name VARCHAR(20), v CHAR(250) CHARACTER SET latin1, PRIMARY KEY (tenant, line, name)) STATS_PERSISTENT=1;
     INSERT INTO composite SELECT seq % 2, seq DIV 3, CONCAT('n''', seq % 3), REPEAT('z', 250) FROM seq_1_to_60000;
     CREATE TABLE hashes (id CHAR(36) CHARACTER SET utf8mb4 PRIMARY KEY, v CHAR(250) CHARACTER SET latin1) STATS_PERSISTENT=1;
     INSERT INTO hashes SELECT INSERT(MD5(seq), 9, 0, IF(seq % 3, '-', ' É')), REPEAT('h', 250) FROM seq_1_to_50000;
     INSERT INTO hashes VALUES ('', 'least'), ('Zz', 'Z'), ('zzzzzzzzzzzz', 'z'), ('~', 'tilde'), ('☃', 'last');
     CREATE TABLE binaries (id BINARY(16) PRIMARY KEY, v CHAR(250) CHARACTER SET latin1) STATS_PERSISTENT=1;
     INSERT INTO binaries SELECT UNHEX(MD5(seq)), REPEAT('b', 250) FROM seq_1_to_50000; INSERT INTO binaries VALUES ('', 'least'), (REPEAT(x'FF', 16), 'last');
     CREATE TABLE words (word VARCHAR(40) PRIMARY KEY); INSERT INTO words SELECT MD5(seq) FROM seq_1_to_2000;
     CREATE TABLE keyless (a INT, b INT); INSERT INTO keyless SELECT seq % 10, seq FROM seq_1_to_500;
     ANALYZE TABLE skewed, composite, hashes, binaries`,
  );
  dump = await takeParallel(source.connection, { limits });
});
afterAll(() => source?.[Symbol.asyncDispose]());

const tableOf = ({ summary }: ParallelDump, name: string) => summary.tables.find((table) => table.name === name);

describe("a large table is read in stretches of its key", () => {
  it.each([
    ["skewed", 70_001],
    ["composite", 60_000],
    ["hashes", 50_005],
    ["binaries", 50_002],
  ])("%s: all rows once, in parts of about the same size", (name, rows) => {
    const table = tableOf(dump, name);
    const ranges = table?.ranges;
    expect(table?.rows).toBe(rows);
    expect(ranges?.reduce((sum, range) => sum + range.rows, 0)).toBe(rows);
    expect(ranges?.at(-1)?.upTo).toBeNull();
    expect(ranges?.length).toBeGreaterThan(1);
    expect(Math.max(...(ranges ?? []).map((range) => range.rows))).toBeLessThan(rows * 0.85);
  });

  it("others in one, and each checksum is that of the stretches' digests", () => {
    for (const { name, ranges, checksum } of dump.summary.tables) {
      if (name === "words" || name === "keyless") expect(ranges).toMatchObject([{ upTo: null }]);
      const digests = Buffer.concat((ranges ?? []).map(({ sha256 }) => Buffer.from(sha256, "hex")));
      expect(createHash("sha256").update(digests).digest("hex")).toBe(checksum);
    }
  });

  it("the digest of a table in one stretch is that of its INSERT statements as they stand in the file", async () => {
    const text = (await textOf(dump.bytes)).toString("latin1");
    const statements =
      /SET NAMES binary \*\/;\n(?<statements>INSERT INTO `words`[\s\S]*?)\/\*!40101 SET NAMES utf8mb4/.exec(text)?.groups?.statements ?? "";
    expect(createHash("sha256").update(statements, "latin1").digest("hex")).toBe(tableOf(dump, "words")?.ranges?.[0]?.sha256);
  });

  it("and comes back whole", async () => {
    await using restored = await freshDatabase("ranges_restored");
    await restoreStock(dump.bytes, restored.connection);
    const checksums = async ({ sql, name }: Database) =>
      (
        await sql.query<RowDataPacket[]>(
          `CHECKSUM TABLE ${["skewed", "composite", "hashes", "binaries", "words", "keyless"].map((table) => `\`${name}\`.${table}`).join(", ")}`,
        )
      )[0].map(({ Checksum }) => Checksum);
    expect(await checksums(restored)).toEqual(await checksums(source));
  });
});

describe("the sums of a database's stretches", () => {
  const sums = () => readRangeSums({ connection: source.connection, tables: dump.summary.tables, threads: 2, signal });

  it("are those of the dump while nothing is changed, and tell which stretch was changed by one bit", async () => {
    const same = await sums();
    for (const { name, ranges } of dump.summary.tables)
      expect(same.get(name)?.ranges.map(({ rows, sha256 }) => [rows, sha256])).toEqual(ranges?.map(({ rows, sha256 }) => [rows, sha256]));
    await source.sql.query("UPDATE skewed SET v = REPLACE(v, 'y', 'x') WHERE id = 9223372036854775807");
    const other = await sums();
    const unlike = (tableOf(dump, "skewed")?.ranges ?? []).flatMap(({ sha256 }, index) =>
      other.get("skewed")?.ranges[index]?.sha256 === sha256 ? [] : [index],
    );
    expect(unlike).toEqual([(tableOf(dump, "skewed")?.ranges?.length ?? 0) - 1]);
    await source.sql.query("UPDATE skewed SET v = REPLACE(v, 'x', 'y') WHERE id = 9223372036854775807");
  });

  it("never bring what a manifest holds to a server, unless it is a plain bound", async () => {
    const forged = dump.summary.tables.flatMap((table) =>
      table.name === "words" && table.ranges
        ? [{ ...table, ranges: [{ upTo: ["'' OR SLEEP(100)"], rows: 0, sha256: "" }, ...table.ranges] }]
        : [],
    );
    const [words] = (await readRangeSums({ connection: source.connection, tables: forged, threads: 1, signal })).values();
    expect(words).toMatchObject({ rows: 2000, ranges: [{ rows: 2000 }] });
  });

  it("leave out what the database does not have", async () => {
    const { tables } = dump.summary;
    const gone = tables.flatMap((table) => (table.name === "words" ? [{ ...table, name: "gone" }] : []));
    expect([...(await readRangeSums({ connection: source.connection, tables: gone, threads: 2, signal })).keys()]).toEqual([]);
  });
});

it("bounds cut every set of keys in parts that neither overlap nor leave one out", async () => {
  const { sql } = source;
  await sql.query(
    "CREATE TABLE grid (a INT, b INT, c INT, PRIMARY KEY (a, b, c)); INSERT INTO grid SELECT seq DIV 100, seq DIV 10 % 10, seq % 10 FROM seq_0_to_999",
  );
  const bounds = [["1"], ["3", "4", "7"], ["3", "5"], ["8"], null];
  let rows = 0;
  for (const [index, upTo] of bounds.entries()) {
    const [[found]] = await sql.query<RowDataPacket[]>(
      `SELECT COUNT(*) AS n FROM grid${between(["a", "b", "c"], bounds[index - 1] ?? null, upTo)}`,
    );
    rows += Number(found?.n);
    expect(Number(found?.n)).toBe([200, 148, 12, 540, 100][index]);
  }
  expect(rows).toBe(1000);
  await sql.query("DROP TABLE grid");
});
