import type { Connection } from "mysql2/promise";
import { categories } from "./assortment.ts";
import { catalogue } from "./catalogue.ts";
import { people } from "./people.ts";
import { thumbnail } from "./pictures.ts";
import { programs } from "./programs.ts";
import { calendarUntil, decimal } from "./row.ts";
import { sales } from "./sales.ts";
import { stockroom, warehouses } from "./stockroom.ts";
import { tables } from "./tables.ts";
import { carts, reviews } from "./visitors.ts";
import { shopName } from "./words.ts";

type Rows = readonly (readonly unknown[])[];

/**
 * Fills the empty database that `connection` uses with the sample shop: 17 tables with some 100,000 rows, views, triggers,
 * routines and an event. `scale` multiplies customers and orders, not products. The same `now` and scale give the same rows.
 */
export async function createShop(
  connection: Connection,
  options: { scale?: number; now: Date },
): Promise<{ tables: number; rows: number }> {
  const rows = shopRows(options.scale ?? 1, options.now);
  await connection.query("SET NAMES utf8mb4");
  for (const [name, columns] of tables)
    await connection.query(`CREATE TABLE ${name} (${columns}) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4`);
  await connection.beginTransaction();
  let total = 0;
  for (const [name] of tables) {
    const content = rows[name] ?? [];
    await insert(connection, name, content);
    total += content.length;
  }
  await connection.commit();
  // Last, so that the triggers do not book again what the rows already say.
  for (const program of programs(calendarUntil(options.now).daysAgo(-1))) await connection.query(program);
  return { tables: tables.length, rows: total };
}

function shopRows(scale: number, now: Date): Record<string, Rows> {
  const calendar = calendarUntil(now);
  const count = (whole: number) => Math.max(1, Math.round(whole * scale));
  const { products, variants, pictures } = catalogue();
  const { customers, addresses } = people(count(4000), calendar);
  const sold = sales(count(14_500), addresses, variants, calendar);
  const { stock, movements } = stockroom(variants, sold.sold, calendar);
  const abandoned = carts(count(1500), customers.length, variants, calendar);
  return {
    settings: settings(calendar.daysAgo(200)),
    customers: customers.map(({ row }) => row),
    addresses: addresses.map(({ row }) => row),
    categories: categories.map(({ name, parent, slug, emoji }, index) => {
      const parentId = categories.findIndex((other) => other.name === parent) + 1;
      return [index + 1, parentId || null, name, slug, emoji, index + 1];
    }),
    products: products.map(({ id, categoryId, name, description, cents, emoji }) => {
      const details = JSON.stringify({ badge: emoji, vegan: id % 7 !== 0, origin: name.split(" ")[0], weights: [cents / 10, id] });
      return [id, categoryId, name, description, details, decimal(cents), id % 40 !== 0, calendar.daysAgo(900 - id)];
    }),
    product_images: pictures.map((picture) => {
      const { id, productId, position, path, caption, width, height } = picture;
      return [id, productId, position, path, caption, width, height, thumbnail(picture)];
    }),
    variants: variants.map(({ id, productId, sku, label, cents }) => [id, productId, sku, label, decimal(cents)]),
    warehouses,
    stock,
    stock_movements: movements,
    carts: abandoned.carts,
    cart_items: abandoned.items,
    orders: sold.orders,
    order_items: sold.items,
    payments: sold.payments,
    shipments: sold.shipments,
    reviews: reviews(count(3500), customers.length, products, calendar),
  };
}

const settings = (changed: string): Rows => [
  ["shop", JSON.stringify({ name: shopName, motto: "Coffee, tea and the time for them ☕️🍃", founded: 2009 }), changed],
  ["languages", JSON.stringify(["en", "de", "fr", "pl", "ελληνικά", "українська", "日本語", "עברית", "हिन्दी", "العربية"]), changed],
  ["shipping", JSON.stringify({ flat: 4.9, freeFrom: 45, countries: null }), changed],
  ["mail.footer", JSON.stringify('Say "hello" at C:\\harbour\\3; it\'s open 9–18 h\n— Ada & Finch'), changed],
];

/** The values stand in the order of the table's columns. */
async function insert(connection: Connection, table: string, rows: Rows): Promise<void> {
  for (let start = 0; start < rows.length; start += 1000) {
    await connection.query(`INSERT INTO ${table} VALUES ?`, [rows.slice(start, start + 1000)]);
  }
}
