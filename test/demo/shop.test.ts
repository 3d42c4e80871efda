import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { inflateSync } from "node:zlib";
import type { Connection, RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPictures } from "../../server/demo/pictures.ts";
import { createShop } from "../../server/demo/shop.ts";
import { freshDatabase } from "../support/shared-server.ts";

const now = new Date("2026-03-14T09:26:53Z");
let shop: Awaited<ReturnType<typeof freshDatabase>>;
let made: { tables: number; rows: number };
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-demo-"));
  shop = await freshDatabase("demo");
  made = await createShop(shop.sql, { now });
});
afterAll(async () => {
  await shop[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const select = async (sql: Connection, query: string) => (await sql.query<RowDataPacket[]>(query))[0];
const value = async (query: string) => Object.values((await select(shop.sql, query))[0] ?? {})[0];
const checksums = async (sql: Connection) => {
  const names = (await select(sql, "SHOW FULL TABLES WHERE Table_type = 'BASE TABLE'")).map((row) => Object.values(row)[0]);
  const rows = await select(sql, `CHECKSUM TABLE ${names.join(", ")}`);
  return rows.map(({ Table, Checksum }) => [Table.split(".")[1], Checksum]);
};

describe("the sample shop", () => {
  it("has some hundred thousand rows in 17 tables, and each kind of object", async () => {
    expect(made.tables).toBe(17);
    expect(made.rows).toBeGreaterThan(95_000);
    expect(made.rows).toBeLessThan(115_000);
    const counts = await select(
      shop.sql,
      `SELECT (SELECT COUNT(*) FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE()) AS views,
        (SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()) AS triggers,
        (SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()) AS routines,
        (SELECT COUNT(*) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()) AS events,
        (SELECT COUNT(*) FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE()) AS foreignKeys`,
    );
    expect(counts[0]).toEqual({ views: 4, triggers: 5, routines: 4, events: 1, foreignKeys: 19 });
  });

  it.each([
    [
      "every order's total is its items and shipping",
      "SELECT COUNT(*) FROM orders o WHERE total <> shipping + (SELECT SUM(amount) FROM order_items i WHERE i.order_id = o.id)",
    ],
    [
      "every order goes to an address of its customer",
      "SELECT COUNT(*) FROM orders o JOIN addresses a ON a.id = o.address_id WHERE a.customer_id <> o.customer_id",
    ],
    [
      "every stock is the sum of its movements",
      "SELECT COUNT(*) FROM stock s WHERE quantity <> (SELECT SUM(quantity) FROM stock_movements m WHERE m.warehouse_id = s.warehouse_id AND m.variant_id = s.variant_id)",
    ],
    ["nothing is dated after now", "SELECT COUNT(*) FROM orders WHERE placed_at > '2026-03-14 09:26:53'"],
    ["no product is without a picture", "SELECT COUNT(*) FROM products WHERE id NOT IN (SELECT product_id FROM product_images)"],
    ["the views agree with the rows", "SELECT (SELECT SUM(amount) FROM order_items) <> (SELECT SUM(revenue) FROM category_sales)"],
  ])("%s", async (_, query) => {
    expect(Number(await value(query))).toBe(0);
  });

  it("is the same in every row when made again, and smaller with a scale", async () => {
    await using again = await freshDatabase("demo");
    await createShop(again.sql, { now });
    expect(await checksums(again.sql)).toEqual(await checksums(shop.sql));
    await using small = await freshDatabase("demo");
    const { rows } = await createShop(small.sql, { now, scale: 0.02 });
    expect(rows).toBeLessThan(20_000);
  });

  it("books an order by its triggers and finds words by its full-text key", async () => {
    await using small = await freshDatabase("demo");
    await createShop(small.sql, { now, scale: 0.01 });
    const state = "SELECT total, (SELECT quantity FROM stock WHERE warehouse_id = 1 AND variant_id = 1) AS pieces FROM orders WHERE id = 1";
    const [before] = await select(small.sql, state);
    await small.sql.query("INSERT INTO order_items (order_id, variant_id, quantity, unit_price, amount) VALUES (1, 1, 3, 2.50, 0)");
    await small.sql.query("CALL receive_delivery(1, 1, 10)");
    const [after] = await select(small.sql, state);
    expect([Number(after?.total) - Number(before?.total), after?.pieces - before?.pieces]).toEqual([7.5, 7]);
    const found = await select(small.sql, "SELECT name FROM products WHERE MATCH (name, description) AGAINST ('bergamot')");
    expect(found.length).toBeGreaterThan(0);
  });
});

describe("the sample pictures", () => {
  it("are the 500 files that the shop's rows name, and decode to the sizes the rows say", async () => {
    const { files, bytes } = await createPictures(folder);
    const rows = await select(shop.sql, "SELECT path, width, height, thumbnail FROM product_images ORDER BY path");
    expect(files).toBe(500);
    expect(bytes).toBeGreaterThan(30_000_000);
    expect(bytes).toBeLessThan(60_000_000);
    expect(rows.map(({ path }) => path).sort()).toEqual((await filesBelow(folder)).sort());
    for (const { path, width, height, thumbnail } of rows) {
      expect(decodedSize(await readFile(join(folder, path))), path).toEqual([width, height]);
      expect(decodedSize(thumbnail)).toEqual([40, 40]);
    }
  });

  it("are the same bytes when made again", async () => {
    const again = await mkdtemp(join(tmpdir(), "holdfast-demo-"));
    try {
      await createPictures(again, { count: 40 });
      const names = await filesBelow(again);
      expect(names).toHaveLength(40);
      for (const name of names) expect(await digest(join(again, name)), name).toBe(await digest(join(folder, name)));
    } finally {
      await rm(again, { recursive: true, force: true });
    }
  });
});

const digest = async (path: string) =>
  createHash("sha256")
    .update(await readFile(path))
    .digest("hex");

async function filesBelow(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"));
}

/** Width and height of a PNG whose every chunk has the right checksum and whose pixels are all there. */
function decodedSize(png: Buffer): [number, number] {
  expect(png.subarray(0, 8).toString("latin1")).toBe("\x89PNG\r\n\x1a\n");
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < png.length; ) {
    const end = at + 8 + png.readUInt32BE(at);
    expect(png.readUInt32BE(end)).toBe(crcOf(png.subarray(at + 4, end)));
    chunks.set(png.toString("latin1", at + 4, at + 8), png.subarray(at + 8, end));
    at = end + 4;
  }
  expect([...chunks.keys()]).toEqual(["IHDR", "PLTE", "IDAT", "IEND"]);
  const header = chunks.get("IHDR") ?? Buffer.alloc(13);
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  expect(inflateSync(chunks.get("IDAT") ?? "").length).toBe((width + 1) * height);
  return [width, height];
}

// Not zlib's own crc32, which is what made the files.
const crcTable = Uint32Array.from({ length: 256 }, (_, start) => {
  let value = start;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value >>> 0;
});
function crcOf(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crcTable[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
