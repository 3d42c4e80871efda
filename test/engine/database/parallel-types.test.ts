import { expect, it } from "vitest";
import { seeded } from "../../../server/demo/random.ts";
import { credentialFile, credentialOption } from "../../../server/engine/database/credential.ts";
import { spawnTool } from "../../../server/engine/process.ts";
import { restoreStock, takeParallel } from "../../support/parallel-dump.ts";
import { freshDatabase } from "../../support/shared-server.ts";

type Database = Awaited<ReturnType<typeof freshDatabase>>;
type Random = ReturnType<typeof seeded>;

interface Column {
  readonly type: string;
  /** A literal of its values. */
  readonly value: (random: Random) => string;
  /** What tells two values apart to the last bit; `@` stands for the column. */
  readonly exact: string;
  /** The dump program itself loses some of it. */
  readonly lossy?: true;
}

const hexOf = (bytes: Buffer) => `x'${bytes.toString("hex")}'`;
const noise = (random: Random, most: number) =>
  // The bytes that have to be escaped are as frequent as all others together.
  hexOf(
    Buffer.from(
      Array.from({ length: random.between(0, most) }, () =>
        random.chance(0.5) ? random.pick([0, 10, 13, 26, 39, 92, 34, 44, 40, 41, 59]) : random.between(0, 255),
      ),
    ),
  );
const letters = ["a", "'", "\\", "\n", "\r", "\0", "\x1a", '"', "`", ";", "--", "é", "ß", "ü", "表", "能", "ソ", "十", "中", "字", "x"];
const text = (random: Random, from: readonly string[], most = 30) =>
  Array.from({ length: random.between(0, most) }, () => random.pick(from)).join("");
/** Text in a character set: converted by the server from what we send as UTF-8. */
const inSet = (set: string, from: readonly string[]) => (random: Random) =>
  `CONVERT(CONVERT(${hexOf(Buffer.from(text(random, from)))} USING utf8mb4) USING ${set})`;
const latin = letters.filter((letter) => Buffer.byteLength(letter) < 3);
const oneOf =
  (...literals: readonly string[]) =>
  (random: Random) =>
    random.pick(literals);
const bits = (random: Random) => Buffer.from(Array.from({ length: 8 }, () => random.between(0, 255)));
/** Any of all floating point numbers, and those at the edges. */
const double = (random: Random) => {
  const number = bits(random).readDoubleBE();
  return random.chance(0.3) || !Number.isFinite(number)
    ? random.pick([
        "0",
        "-0e0",
        "0.1",
        "1.7976931348623157e308",
        "-1.7976931348623157e308",
        "2.2250738585072014e-308",
        "9007199254740993",
        "1e23",
        "123456789.123456789",
      ])
    : String(number);
};
const float = (random: Random) => {
  const number = bits(random).readFloatBE();
  return random.chance(0.3) || !Number.isFinite(number)
    ? random.pick([
        "0",
        "-0e0",
        "0.1",
        "3.4028234663852886e38",
        "1.1754943508222875e-38",
        "16777215",
        "16777216",
        "1.23456789e7",
        "0.333333343",
      ])
    : String(number);
};
const integer = (low: bigint, high: bigint) => (random: Random) =>
  String(random.chance(0.3) ? random.pick([low, high, 0n]) : low + (bits(random).readBigUInt64BE() % (high - low + 1n)));

const asText = "CAST(@ AS CHAR)";
const columns: readonly Column[] = [
  { type: "TINYINT", value: integer(-128n, 127n), exact: asText },
  { type: "SMALLINT(6) UNSIGNED ZEROFILL", value: integer(0n, 65535n), exact: asText },
  { type: "MEDIUMINT", value: integer(-8388608n, 8388607n), exact: asText },
  { type: "INT", value: integer(-2147483648n, 2147483647n), exact: asText },
  { type: "BIGINT", value: integer(-9223372036854775808n, 9223372036854775807n), exact: asText },
  { type: "BIGINT UNSIGNED", value: integer(0n, 18446744073709551615n), exact: asText },
  {
    type: "DECIMAL(65,30)",
    value: (random) => `${random.pick(["", "-"])}${random.between(0, 1e9)}${random.between(0, 1e9)}.${random.between(0, 1e9)}000000001`,
    exact: asText,
  },
  { type: "FLOAT", value: float, exact: "CONCAT(@*1e0)", lossy: true },
  { type: "FLOAT(10,3)", value: oneOf("0.001", "1234567.891", "-9999.125", "16777.217"), exact: "CONCAT(@*1e0)", lossy: true },
  { type: "DOUBLE", value: double, exact: "CONCAT(@)" },
  { type: "DOUBLE(20,5)", value: oneOf("0.00001", "123456789012345.67891", "-1.5"), exact: "CONCAT(@)" },
  { type: "BIT(1)", value: oneOf("b'0'", "b'1'"), exact: "@+0" },
  { type: "BIT(64)", value: (random) => hexOf(bits(random)), exact: "@+0" },
  { type: "YEAR", value: oneOf("0", "1901", "2155", "'0000'", "2000"), exact: asText },
  { type: "DATE", value: oneOf("'0000-00-00'", "'2024-00-10'", "'9999-12-31'", "'2024-02-30'"), exact: asText },
  { type: "DATETIME(6)", value: oneOf("'0000-00-00'", "'9999-12-31 23:59:59.999999'", "'2024-03-31 02:30:00.000001'"), exact: asText },
  {
    type: "TIMESTAMP(3) NULL",
    value: oneOf("'0000-00-00'", "'1970-01-02 00:00:01.001'", "'2024-10-27 01:30:00'", "'2024-10-27 00:30:00'"),
    exact: "CONCAT(UNIX_TIMESTAMP(@), @)",
  },
  { type: "TIME(2)", value: oneOf("'-838:59:59.99'", "'838:59:59'", "'00:00:00.01'"), exact: asText },
  { type: "CHAR(40) CHARACTER SET latin1", value: inSet("latin1", latin), exact: "HEX(@)" },
  { type: "VARCHAR(60) CHARACTER SET utf8mb4", value: inSet("utf8mb4", [...letters, "🐘", "☃"]), exact: "HEX(@)" },
  { type: "VARCHAR(60) CHARACTER SET utf8mb3", value: inSet("utf8mb3", letters), exact: "HEX(@)" },
  { type: "VARCHAR(60) CHARACTER SET utf16", value: inSet("utf16", [...letters, "🐘", "尧", "✧"]), exact: "HEX(@)" },
  { type: "VARCHAR(60) CHARACTER SET utf32", value: inSet("utf32", [...letters, "🐘"]), exact: "HEX(@)" },
  { type: "VARCHAR(60) CHARACTER SET ucs2", value: inSet("ucs2", [...letters, "尧", "✧"]), exact: "HEX(@)" },
  { type: "VARCHAR(60) CHARACTER SET utf16le", value: inSet("utf16le", [...letters, "尧", "❜"]), exact: "HEX(@)" },
  {
    type: "VARCHAR(60) CHARACTER SET sjis",
    value: inSet(
      "sjis",
      letters.filter((letter) => !["é", "ß", "ü"].includes(letter)),
    ),
    exact: "HEX(@)",
  },
  {
    type: "VARCHAR(60) CHARACTER SET cp932",
    value: inSet(
      "cp932",
      letters.filter((letter) => !["é", "ß", "ü"].includes(letter)),
    ),
    exact: "HEX(@)",
  },
  {
    type: "VARCHAR(60) CHARACTER SET gbk",
    value: inSet(
      "gbk",
      letters.filter((letter) => !["ß"].includes(letter)),
    ),
    exact: "HEX(@)",
  },
  { type: "VARCHAR(60) CHARACTER SET big5", value: inSet("big5", ["a", "'", "\\", "功", "許", "蓋", "中"]), exact: "HEX(@)" },
  { type: "TEXT CHARACTER SET ucs2", value: inSet("ucs2", letters), exact: "HEX(@)" },
  { type: "BINARY(12)", value: (random) => noise(random, 12), exact: "HEX(@)" },
  { type: "VARBINARY(300)", value: (random) => noise(random, 300), exact: "HEX(@)" },
  { type: "MEDIUMBLOB", value: (random) => noise(random, 900), exact: "HEX(@)" },
  { type: "ENUM('a','b''c','ü','\\\\','') CHARACTER SET ucs2", value: oneOf("1", "2", "3", "4", "5"), exact: "CONCAT(@+0, HEX(@))" },
  { type: "ENUM('x','y') CHARACTER SET latin1", value: oneOf("0", "1", "2"), exact: "CONCAT(@+0, HEX(@))" },
  { type: "SET('x','é','z') CHARACTER SET utf8mb4", value: oneOf("0", "1", "3", "7"), exact: "@+0" },
  { type: "JSON", value: oneOf(`'{"a": "\\\\"\\\\n☃"}'`, "'[]'", "'null'"), exact: "HEX(@)" },
  {
    type: "GEOMETRY",
    value: oneOf("POINT(1, 2)", "ST_GeomFromText('POLYGON((0 0,10 0,10 10.1,0 10,0 0))', 4326)"),
    exact: "CONCAT(ST_SRID(@), HEX(@))",
  },
  { type: "INET6", value: oneOf("'::1'", "'2001:db8::ff00:42:8329'", "'::ffff:10.0.0.1'"), exact: asText },
  { type: "INET4", value: oneOf("'0.0.0.0'", "'10.39.92.1'", "'255.255.255.255'"), exact: asText },
  { type: "UUID", value: oneOf("'27275c5c-0a0d-1a00-8000-00000000ffff'", "'123e4567-e89b-12d3-a456-426655440000'"), exact: asText },
];

const all = columns.map((column, index) => ({ ...column, name: `c${index}` }));

async function fill({ sql }: Database, table: string, seed: string, rows: number): Promise<void> {
  const random = seeded(seed);
  await sql.query("SET NAMES utf8mb4");
  await sql.query("SET SESSION sql_mode = '', time_zone = '+05:30'");
  await sql.query(
    `CREATE TABLE ${table} (id INT PRIMARY KEY, ${all.map(({ name, type }) => `${name} ${type}`).join(", ")}) ROW_FORMAT=DYNAMIC`,
  );
  for (let id = 1; id <= rows; id += 1)
    await sql.query(
      `INSERT INTO ${table} VALUES (${id}, ${all.map(({ value }) => (random.chance(0.1) ? "NULL" : value(random))).join(", ")})`,
    );
}

async function contentOf({ sql, name }: Database, table: string, lossy: boolean): Promise<unknown> {
  await sql.query("SET SESSION time_zone = '+00:00'");
  const exact = all.filter((column) => lossy || !column.lossy).map((column) => column.exact.replaceAll("@", column.name));
  const [found] = await sql.query({ sql: `SELECT id, ${exact.join(", ")} FROM \`${name}\`.${table} ORDER BY id`, rowsAsArray: true });
  return found;
}

it("every type and character set comes back to the last bit, and as the dump program brings it", async () => {
  await using source = await freshDatabase("types");
  await using restored = await freshDatabase("types_parallel");
  await using referee = await freshDatabase("types_referee");
  await fill(source, "kinds", "kinds of values", 150);
  await source.sql.query(
    "ALTER TABLE kinds ADD v INT AS (id + 1) VIRTUAL AFTER c3, ADD hidden INT INVISIBLE DEFAULT 3 FIRST; UPDATE kinds SET hidden = id",
  );
  const dump = await takeParallel(source.connection);
  await restoreStock(dump.bytes, restored.connection);
  expect(await contentOf(restored, "kinds", true)).toEqual(await contentOf(source, "kinds", true));
  await stockCopy(source, referee);
  expect(await contentOf(referee, "kinds", false)).toEqual(await contentOf(restored, "kinds", false));
  const [[hidden]] = (await restored.sql.query("SELECT SUM(hidden = id) AS equal, SUM(v = id + 1) AS made FROM kinds")) as unknown as [
    [unknown],
  ];
  expect(hidden).toEqual({ equal: "150", made: "150" });
});

it("large rows, several statements and awkward names come back, and the sums are of the rows", async () => {
  await using source = await freshDatabase("large");
  await using restored = await freshDatabase("large_restored");
  await source.sql.query(
    `CREATE TABLE \`ta\`\`ble ; ☃\` (\`i\`\`d\` INT PRIMARY KEY, \`va l'ue\` LONGBLOB, \`line
break\` LONGTEXT);
     INSERT INTO \`ta\`\`ble ; ☃\` VALUES (1, REPEAT(x'00275C0A', 5000000), 'x'), (2, '', NULL), (3, NULL, ''), (4, REPEAT('ab', 700000), REPEAT('é\\n', 600000)), (5, 'x', 'y');
     CREATE TABLE many (a INT, b VARCHAR(20), c CHAR(80)); INSERT INTO many SELECT seq, IF(seq % 7, 'x''y', NULL), MD5(seq) FROM seq_1_to_60000;
     CREATE TABLE \`nothing here\` (a INT)`,
  );
  const dump = await takeParallel(source.connection);
  await restoreStock(dump.bytes, restored.connection);
  const checksums = async ({ sql, name }: Database) =>
    (
      (await sql.query(`CHECKSUM TABLE \`${name}\`.\`ta\`\`ble ; ☃\`, \`${name}\`.many, \`${name}\`.\`nothing here\``))[0] as {
        Checksum: number;
      }[]
    ).map((row) => row.Checksum);
  expect(await checksums(restored)).toEqual(await checksums(source));
  expect(dump.summary.tables.map(({ name, rows }) => [name, rows])).toEqual([
    ["many", 60000],
    ["nothing here", 0],
    ["ta`ble ; ☃", 5],
  ]);
});

it("a table of generated columns alone is left to the dump program", async () => {
  await using source = await freshDatabase("generated");
  await source.sql.query("CREATE TABLE made (a INT AS (1) VIRTUAL)");
  const dump = await takeParallel(source.connection);
  expect(dump.summary.engine).toBe("MYSQLDUMP");
  expect(dump.said).toEqual([expect.stringContaining("Table made has only generated columns")]);
});

/** The same by mariadb-dump and mariadb, without us. */
async function stockCopy(from: Database, to: Database): Promise<void> {
  await using read = await credentialFile(from.connection);
  await using write = await credentialFile(to.connection);
  const script = `mariadb-dump ${credentialOption} --single-transaction --hex-blob '${from.name}' | mariadb --defaults-file=/dev/fd/4 '${to.name}'`;
  await using shell = spawnTool("bash", ["-o", "pipefail", "-c", script], { fds: [read.fd, write.fd] });
  shell.stdout?.resume();
  expect(await shell.exited).toMatchObject({ code: 0, stderr: "" });
}
