import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeNasty, portrait } from "../../support/nasty.ts";
import { restoreStock, takeParallel, textOf } from "../../support/parallel-dump.ts";
import { freshDatabase } from "../../support/shared-server.ts";

let database: Awaited<ReturnType<typeof freshDatabase>>;
beforeAll(async () => {
  database = await freshDatabase("nasty");
  await makeNasty(database.connection);
});
afterAll(() => database?.[Symbol.asyncDispose]());

it("the schema that trips dump tools comes back by the stock client as it was", async () => {
  const { sql, name, connection } = database;
  const before = await portrait(sql, name);
  const dump = await takeParallel(connection, { limits: { threads: 3, bytesPerSecond: null, lowPriority: true } });
  expect(dump.summary).toMatchObject({ engine: "PARALLEL", snapshot: { method: "FLUSH_TABLES", connections: 3 } });
  await sql.query(`DROP DATABASE \`${name}\``);
  await sql.query(`CREATE DATABASE \`${name}\` CHARACTER SET utf8mb4`);
  await restoreStock(dump.bytes, connection);
  expect(await portrait(sql, name)).toEqual(before);
});

it("the manifest's sections are the file, structure first and rows before triggers, each proved by its sum", async () => {
  const { bytes, size, summary } = await takeParallel(database.connection, { packing: { compression: "NONE", level: 0 } });
  const sections = summary.sections ?? [];
  let at = 0;
  for (const { offset, storedSize, sha256 } of sections) {
    expect(offset).toBe(at);
    expect(
      createHash("sha256")
        .update(bytes.subarray(offset, offset + storedSize))
        .digest("hex"),
    ).toBe(sha256);
    at += storedSize;
  }
  expect([at, size]).toEqual([bytes.length, bytes.length]);
  const text = (index: number) => {
    const { offset = 0, storedSize = 0 } = sections[index] ?? {};
    return bytes.toString("utf8", offset, offset + storedSize);
  };
  const rows = sections.flatMap(({ rows }, index) => (rows === null ? [] : [index]));
  expect(sections[0]?.table).toBe(null);
  expect(rows.at(-1)).toBe((rows[0] ?? 0) + rows.length - 1);
  const many = sections.flatMap(({ table }, index) => (table === "many" ? [text(index)] : []));
  expect(many).toHaveLength(3);
  expect(many[0]).toContain("CREATE TABLE `many`");
  expect(many[1]).toMatch(/^\/\*!40101 SET NAMES binary \*\/;\nINSERT INTO `many` \(`id`,`v`\) VALUES\n\(1,'row 1 \(\\'x\\'\)'\),\n/);
  expect(many[1]).toMatch(/\);\n\/\*!40101 SET NAMES utf8mb4 \*\/;\n$/);
  expect(many[2]).toContain("TRIGGER");
  expect(many.filter((part) => part.includes("TRIGGER"))).toHaveLength(1);
  expect(summary.tables.find(({ name }) => name === "many")).toMatchObject({ rows: 5000, ranges: [{ upTo: null, rows: 5000 }] });
});

it("the text is the same for every compression, but for the moment", async () => {
  const limits = { threads: 1, bytesPerSecond: null, lowPriority: false };
  const plain = await takeParallel(database.connection, { limits, packing: { compression: "NONE", level: 0 } });
  const zstd = await takeParallel(database.connection, { limits });
  const undated = (bytes: Buffer) => bytes.toString("latin1").replace(/(-- Dump completed) on [^\n]*\n*$/, "$1");
  // Compared as a truth: a difference of megabytes would be shown in full.
  expect(undated(await textOf(zstd.bytes)) === undated(plain.bytes)).toBe(true);
});
