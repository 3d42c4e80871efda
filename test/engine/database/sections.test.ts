import { randomBytes } from "node:crypto";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { packFrame } from "../../../server/engine/codec/frames.ts";
import { DumpScan } from "../../../server/engine/database/dump-scan.ts";
import { FrameWriter } from "../../../server/engine/database/frame-writer.ts";
import type { Packing } from "../../../server/engine/part.ts";
import { takeDump } from "../../support/nasty-backup.ts";
import { freshDatabase } from "../../support/shared-server.ts";

/** The table of each section that the scan finds, with the text of it. */
function sectionsOf(dump: string, rowPerLine: boolean, pieceBytes = 50): [string | null, string][] | null {
  const bytes = Buffer.from(dump);
  const cuts = [0];
  const scan = new DumpScan({ rowPerLine, cut: (at) => cuts.push(at) });
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const known = scan.bytes - scan.undecided;
    const before = cuts.length;
    scan.feed(Buffer.from(bytes.subarray(at, at + pieceBytes)));
    // What was known before is never cut afterwards.
    for (const cut of cuts.slice(before)) expect(cut).toBeGreaterThanOrEqual(known);
  }
  const { sections } = scan.finish();
  return sections?.map((table, index) => [table, bytes.subarray(cuts[index], cuts[index + 1]).toString()]) ?? null;
}

const head = "-- MySQL dump 10.13  Distrib 5.7.44\n--\n/*!40101 SET NAMES utf8 */;\n";
const made = (comment: string, statement: string) => `\n--\n-- ${comment}\n--\n\n${statement}`;
const insert = (name: string) => `LOCK TABLES \`${name}\` WRITE;\nINSERT INTO \`${name}\` VALUES (1,'x'),(2,'y');\nUNLOCK TABLES;\n`;
const table = (name: string) =>
  made(
    `Table structure for table \`${name}\``,
    `DROP TABLE IF EXISTS \`${name}\`;\nCREATE TABLE \`${name}\` (\n  a int\n) ENGINE=InnoDB;\n${made(`Dumping data for table \`${name}\``, insert(name))}`,
  );
const rest = `${made("Dumping events for database 'shop'", "")}${made("Dumping routines for database 'shop'", "")}/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */;\n\n-- Dump completed on 2026-11-22 21:29:47\n`;

describe("the sections of a dump", () => {
  const triggers =
    "DELIMITER ;;\n/*!50003 CREATE*/ /*!50017 DEFINER=`r`@`h`*/ /*!50003 TRIGGER tr BEFORE INSERT ON b FOR EACH ROW SET @x = 1 */;;\nDELIMITER ;\n";
  const cases: [string, string, (string | null)[] | null][] = [
    ["are the head, each table, and the rest", head + table("a") + table("b") + rest, [null, "a", "b", null]],
    ["hold a table's triggers with it", head + table("a") + triggers + table("b") + triggers + rest, [null, "a", "b", null]],
    ["are one for what belongs to no table", `${head}${table("a")}${rest}`, [null, "a", null]],
    [
      "set MySQL 5.7's and 8's stand-ins of views apart",
      head +
        made("Temporary table structure for view `v1`", "/*!50001 CREATE VIEW `v1` AS SELECT \n 1 AS `a`*/;\n") +
        made("Temporary view structure for view `v2`", "/*!50001 CREATE VIEW `v2` AS SELECT \n 1 AS `a`*/;\n") +
        table("w") +
        made("Final view structure for view `v1`", "/*!50001 CREATE ALGORITHM=UNDEFINED VIEW `v1` AS select 1 */;\n") +
        rest,
      [null, null, "w", null],
    ],
    [
      "know a sequence",
      head + made("Sequence structure for `s`", "CREATE SEQUENCE `s` start with 1;\nDO SETVAL(`s`, 1, 0);\n") + table("t") + rest,
      [null, "s", "t", null],
    ],
    [
      "are not begun by text in a statement",
      head +
        table("a").replace("'x'", "'\n--\n-- Table structure for table `q`\n--\n\nCREATE TABLE `q` (a int);\n'") +
        table("b").replace("a int", "a int COMMENT '\n--\n-- Dumping events for database ''x''\n--\n'") +
        rest,
      [null, "a", "b", null],
    ],
    [
      "are not begun by a comment inside a statement",
      head + table("a").replace("  a int", "  /*\n-- Table structure for table `q` \n*/ a int\n-- Table structure for table `q`\n") + rest,
      [null, "a", null],
    ],
    ["are none where a table's rows stand elsewhere", head + table("a") + insert("b") + rest, null],
    ["are none where a table comes twice", head + table("a") + table("b") + table("a") + rest, null],
    ["are none where a table stands outside", `${head}CREATE TABLE x (a int);\n${rest}`, null],
    ["are one in a script without the program's comments", "SET NAMES utf8;\n", [null]],
  ];
  it.each(cases)("%s", (_name, dump, expected) => {
    for (const pieceBytes of [1, 7, 100_000]) {
      const found = sectionsOf(dump, false, pieceBytes);
      expect(found?.map(([name]) => name) ?? null).toEqual(expected);
      if (found) expect(found.map(([, text]) => text).join("")).toBe(dump);
      for (const [name, text] of found ?? []) if (name !== null) expect(text.slice(0, 8)).toMatch(/^--\n-- [TS]/);
    }
  });

  it("of a real database are named by its tables, however those are called", async () => {
    await using database = await freshDatabase("sections");
    const names = [
      "plain",
      "x`\n-- Table structure for table `y",
      "-- Dumping events for database 'z'",
      "ü ☃",
      "\n--\n-- Sequence structure for `q`",
    ];
    for (const name of names) {
      const quoted = `\`${name.replaceAll("`", "``")}\``;
      await database.sql.query(
        `CREATE TABLE ${quoted} (v text COMMENT 'a\n--\n-- Table structure for table \`q\`\n--\n') COMMENT '\n-- Dumping events for database \n'`,
      );
      await database.sql.query(`INSERT INTO ${quoted} VALUES (?)`, ["\n--\n-- Table structure for table `q`\n--\n\nDROP TABLE q;\n"]);
    }
    const { bytes, summary } = await takeDump(database.connection, { compression: "NONE", level: 0 });
    expect(summary.sections?.flatMap(({ table }) => table ?? []).toSorted()).toEqual(names.toSorted());
    for (const { table, offset, storedSize } of summary.sections ?? []) {
      const text = bytes.toString("utf8", offset, offset + storedSize);
      if (table !== null) expect(text).toContain(`CREATE TABLE \`${table.replaceAll("`", "``")}\` (`);
      expect(text.match(/\nCREATE TABLE `/g)?.length ?? 0).toBe(table === null ? 0 : 1);
    }
  });
});

describe("frames", () => {
  const plain = (compression: Packing["compression"], bytes: Buffer) =>
    compression === "NONE" ? bytes : compression === "GZIP" ? gunzipSync(bytes) : zstdDecompressSync(bytes);

  /** Reads `bytes` into a writer as the scanning child does, in reads of at most `readBytes`, with sections at `cuts`. */
  async function written(bytes: Buffer, cuts: readonly number[], readBytes: number, packing: Packing, undecided: number) {
    const pieces: Buffer[] = [];
    const frames = new FrameWriter(
      packing,
      async (piece) => {
        await new Promise(setImmediate);
        pieces.push(Buffer.from(piece));
      },
      96 * 1024,
    );
    const left = [...cuts];
    for (let at = 0; at < bytes.length; ) {
      const room = await frames.room();
      expect(room.length).toBeGreaterThan(0);
      const length = bytes.copy(room, 0, at, at + Math.min(readBytes, room.length));
      at += length;
      while (left[0] !== undefined && left[0] < at) frames.cut(left.shift() ?? 0);
      await frames.filled(length, Math.min(undecided, at - Math.max(0, ...cuts.filter((cut) => cut < at))));
      // The memory is the writer's: it may be read into again only when what it held is written.
    }
    const sections = await frames.finish();
    return { stored: Buffer.concat(pieces), sections };
  }

  it.each(["ZSTD", "GZIP", "NONE"] as const)(
    "of %s are whole each, cover the stream in order, and end where a section ends",
    async (compression) => {
      const noise = randomBytes(600_000);
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 0, max: noise.length }),
          fc.uniqueArray(fc.integer({ min: 1, max: noise.length }), { maxLength: 12 }),
          fc.integer({ min: 1000, max: 200_000 }),
          fc.integer({ min: 0, max: 65_535 }),
          async (size, marks, readBytes, undecided) => {
            const bytes = noise.subarray(0, size);
            const cuts = marks.filter((mark) => mark < size).toSorted((a, b) => a - b);
            const { stored, sections } = await written(bytes, cuts, readBytes, { compression, level: 1 }, undecided);
            expect(sections.length).toBe(size === 0 ? 0 : cuts.length + 1);
            let [at, from] = [0, 0];
            for (const [index, section] of sections.entries()) {
              expect([section.offset, section.size]).toEqual([at, (cuts[index] ?? size) - from]);
              for (const [storedSize, frameSize] of section.frames) {
                const frame = plain(compression, stored.subarray(at, at + storedSize));
                expect(frame.equals(bytes.subarray(from, from + frameSize))).toBe(true);
                at += storedSize;
                from += frameSize;
              }
            }
            expect([at, from]).toEqual([stored.length, size]);
          },
        ),
        { numRuns: 25 },
      );
    },
  );

  it("carry a checksum, and their size", async () => {
    const frame = await packFrame(Buffer.from("one frame"), { compression: "ZSTD", level: 3 });
    const descriptor = frame[4] ?? 0;
    expect({ checksum: (descriptor & 4) !== 0, single: (descriptor & 0x20) !== 0 }).toEqual({ checksum: true, single: true });
  });
});
