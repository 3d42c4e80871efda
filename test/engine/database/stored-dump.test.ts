import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DatabaseSummary } from "../../../server/domain/manifest.ts";
import type { DatabaseContent } from "../../../server/engine/content.ts";
import { readChecksums, sameRows } from "../../../server/engine/database/checksums.ts";
import { runScriptText } from "../../../server/engine/database/restricted-client.ts";
import { storedDump } from "../../../server/engine/database/stored-dump.ts";
import { findTools } from "../../../server/engine/database/tools.ts";
import type { Packing } from "../../../server/engine/part.ts";
import { manifestWith } from "../../support/about.ts";
import { memoryStorage } from "../../support/memory-storage.ts";
import { makeNasty, portrait } from "../../support/nasty.ts";
import { quiet, type TakenDump, takeDump } from "../../support/nasty-backup.ts";
import { freshDatabase } from "../../support/shared-server.ts";

const tools = await findTools(null);
const { signal } = quiet;
const packings: readonly Packing[] = [
  { compression: "ZSTD", level: 1 },
  { compression: "GZIP", level: 1 },
  { compression: "NONE", level: 0 },
];

let database: Awaited<ReturnType<typeof freshDatabase>>;
const dumps = new Map<Packing["compression"], TakenDump>();
beforeAll(async () => {
  database = await freshDatabase("stored");
  await makeNasty(database.connection);
  for (const packing of packings) dumps.set(packing.compression, await takeDump(database.connection, packing));
});
afterAll(() => database?.[Symbol.asyncDispose]());

/** A backup of the dump on a storage that notes which bytes it was asked for; `alter` changes them and the manifest's summary. */
async function stored(
  compression: Packing["compression"],
  alter: { bytes?: (bytes: Buffer) => Buffer; summary?: Partial<DatabaseSummary> } = {},
) {
  const dump = dumps.get(compression);
  if (!dump) throw new Error(`There is no dump in ${compression}`);
  const memory = memoryStorage();
  const name = "database.sql";
  await memory.put(`shop/1/${name}`, Readable.from([alter.bytes?.(Buffer.from(dump.bytes)) ?? dump.bytes]), { signal });
  const asked: { start: number; end?: number }[] = [];
  const storage: typeof memory = {
    ...memory,
    get: (name, range) => {
      asked.push(range ?? { start: 0 });
      return memory.get(name, range);
    },
  };
  const summary: DatabaseSummary = { ...dump.summary, ...alter.summary };
  const sha256 = createHash("sha256").update(dump.bytes).digest("hex");
  const manifest = manifestWith({
    name: "Nasty",
    compression,
    artifacts: [{ name, part: "database", size: dump.size, storedSize: dump.bytes.length, sha256, packed: null }],
    database: summary,
  });
  return { content: storedDump(storage, "shop/1", manifest), asked, summary };
}

const all = (content: DatabaseContent, tables: readonly string[] | null) => text(Readable.from(content.open(tables, signal)));
const sectionOf = ({ sections }: DatabaseSummary, table: string | null) => {
  const section = sections?.find((one) => one.table === table);
  if (!section) throw new Error(`There is no section of ${table}`);
  return section;
};

function flipped(bytes: Buffer, at: number): Buffer {
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes;
}

describe.each(packings.map(({ compression }) => compression))("a dump stored as %s", (compression) => {
  it("reads whole as the dump program wrote it, and proves every byte", async () => {
    const { content } = await stored(compression);
    const sql = await all(content, null);
    expect(Buffer.byteLength(sql)).toBe(content.size(null));
    expect(sql.startsWith("/*M!999999")).toBe(true);
    expect(sql).toMatch(/-- Dump completed on [^\n]+\n$/);
    let seen = 0;
    await content.verify(null, quiet, (bytes) => (seen = bytes));
    expect(seen).toBe(dumps.get(compression)?.bytes.length);
  });

  it("reads of some tables only their sections and the head, in as few requests as there are gaps", async () => {
    const { content, asked, summary } = await stored(compression);
    // jsons and latin follow each other in the dump.
    const sql = await all(content, ["no_key", "latin", "jsons"]);
    const sections = [null, "jsons", "latin", "no_key"].map((table) => sectionOf(summary, table));
    expect(asked).toEqual([
      { start: 0, end: (sections[0]?.storedSize ?? 0) - 1 },
      { start: sections[1]?.offset, end: (sections[2]?.offset ?? 0) + (sections[2]?.storedSize ?? 0) - 1 },
      { start: sections[3]?.offset, end: (sections[3]?.offset ?? 0) + (sections[3]?.storedSize ?? 0) - 1 },
    ]);
    expect(Buffer.byteLength(sql)).toBe(content.size(["no_key", "latin", "jsons"]));
    expect(sql.match(/CREATE TABLE `[^`]+`/g)).toEqual(["CREATE TABLE `jsons`", "CREATE TABLE `latin`", "CREATE TABLE `no_key`"]);
    expect(sql.startsWith("/*M!999999")).toBe(true);
  });

  it.each([
    ["a flipped bit", flipped],
    ["a missing end", (bytes: Buffer, at: number) => bytes.subarray(0, at)],
    ["a byte more", (bytes: Buffer) => Buffer.concat([bytes, Buffer.from("x")])],
  ])("with %s is damaged, for check and reader alike", async (_what, damage) => {
    const { offset, storedSize } = sectionOf((await stored(compression)).summary, "many");
    const { content } = await stored(compression, { bytes: (bytes) => damage(bytes, offset + (storedSize >> 1)) });
    for (const tables of [null, ["many"]]) {
      await expect(content.verify(tables, quiet, () => {})).rejects.toMatchObject({ code: "ARTIFACT_CORRUPT" });
      await expect(all(content, tables)).rejects.toMatchObject({ code: "ARTIFACT_CORRUPT" });
    }
  });

  it("gives a table that is whole although another is damaged", async () => {
    const { offset } = sectionOf((await stored(compression)).summary, "many");
    const { content } = await stored(compression, { bytes: (bytes) => flipped(bytes, offset) });
    await content.verify(["no_key"], quiet, () => {});
    expect(await all(content, ["no_key"])).toContain("INSERT INTO `no_key`");
  });
});

describe("a stored dump", () => {
  it("refuses a table that it does not hold, by name", async () => {
    const { content } = await stored("ZSTD");
    await expect(all(content, ["many", "nowhere"])).rejects.toMatchObject({
      code: "BAD_USER_INPUT",
      message: "The backup holds no table nowhere.",
    });
    expect(() => content.size(["nowhere"])).toThrow("nowhere");
  });

  it("without sections gives all of itself, whichever tables are asked for", async () => {
    const { content } = await stored("ZSTD", { summary: { sections: null } });
    expect(await all(content, ["many"])).toBe(await all(content, null));
    expect(content.size(["many"])).toBe(content.size(null));
  });

  it("restores some tables as they were, with their triggers, on a server that knows nothing of the rest", async () => {
    const { content } = await stored("ZSTD");
    await using empty = await freshDatabase("some");
    const tables = ["many", "back`tick \"double\" 'single' \\ slash", "parts", "seq `one", "ledger"];
    const script = await buffer(Readable.from(content.open(tables, signal)));
    // One trigger names the schema that it was made in.
    const renamed = Buffer.from(script.toString("latin1").replaceAll(database.name, empty.name), "latin1");
    await runScriptText({ connection: empty.connection, tools, schema: empty.name, signal }, renamed);
    const [before, after] = [await portrait(database.sql, database.name), await portrait(empty.sql, empty.name)];
    for (const table of tables) expect(after[`table ${table}`]).toEqual(before[`table ${table}`]);
    expect(Object.keys(after).filter((key) => key.startsWith("trigger "))).toEqual(
      Object.keys(before).filter((key) => key.startsWith("trigger ") && key !== "trigger on_dash"),
    );
  });
});

describe("the checksums of a database", () => {
  it("are those of its backup, and of a table alone", async () => {
    const { summary } = await stored("GZIP");
    const found = await readChecksums(database.connection, tools, null, signal);
    expect(new Map(summary.tables.map(({ name, rows, checksum }) => [name, { rows, checksum }]))).toEqual(found);
    expect(await readChecksums(database.connection, tools, ["no_key", "-leading dash"], signal)).toEqual(
      new Map([
        ["-leading dash", found.get("-leading dash")],
        ["no_key", found.get("no_key")],
      ]),
    );
    expect(await readChecksums(database.connection, tools, [], signal)).toEqual(new Map());
  });

  it("tell altered, missing and added rows; rows in another order are told to be the same", async () => {
    await using other = await freshDatabase("other");
    const rows = Array.from({ length: 500 }, (_, index) => `(${index % 7}, '${"),(''; \\\\ \\n".repeat(index % 5)} ${index}')`);
    const fill = (values: readonly string[]) =>
      other.sql.query(`DROP TABLE IF EXISTS t; CREATE TABLE t (a int, b text); INSERT INTO t VALUES ${values.join(", ")}`);
    await fill(rows);
    const dump = await takeDump(other.connection);
    dumps.set("ZSTD", dump);
    const { content } = await stored("ZSTD");
    const before = await readChecksums(other.connection, tools, ["t"], signal);
    for (const [what, values, equal] of [
      ["reversed", rows.toReversed(), true],
      ["altered", rows.toReversed().with(250, "(1, 'altered')"), false],
      ["one less", rows.toReversed().slice(1), false],
      ["one twice", [...rows.slice(1), rows[3] ?? ""], false],
    ] as const) {
      await fill(values);
      expect([what, await readChecksums(other.connection, tools, ["t"], signal)]).not.toEqual([what, before]);
      expect([what, await sameRows(content, other.connection, tools, "t", signal)]).toEqual([
        what,
        { equal, expectedRows: 500, foundRows: values.length },
      ]);
    }
  });
});
