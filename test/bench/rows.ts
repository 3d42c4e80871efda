import { createCipheriv } from "node:crypto";
import { seeded } from "../../server/demo/random.ts";

/** One generated table: its share of the dump's text, its definition, and its rows as LOAD DATA reads them. */
export interface Table {
  readonly name: string;
  readonly share: number;
  readonly columns: string;
  /** The column list of LOAD DATA where it is not simply all of them. */
  readonly load?: string;
  row(id: number): string;
  /** What a row takes in a dump beyond its own bytes: brackets, commas, quotes. */
  readonly overhead: number;
}

const syllables = "ba ko mi ra ten lu so vi na qu el or an ti pe gra sto ming dle shi fu wa zer lo can".split(" ");
const id = "id BIGINT UNSIGNED NOT NULL PRIMARY KEY";

/**
 * A shop as it grows big: half of it events, a ninth of it thumbnails. Word frequencies fall as in real text. `made` tells how many
 * rows the tables before have, which rows refer to.
 */
export function tables(made: ReadonlyMap<string, number>): readonly Table[] {
  const random = seeded("bench");
  const vocabulary = Array.from({ length: 12_000 }, () =>
    Array.from({ length: random.between(1, 4) }, () => random.pick(syllables)).join(""),
  );
  // Dealt out once, so that a word costs one look-up: the one at rank r stands there about 1/r of the time.
  const deck = Array.from({ length: 2 ** 16 }, () => vocabulary[Math.floor(vocabulary.length ** random.next()) - 1] ?? "");
  const word = () => random.pick(deck);
  const words = (count: number) => {
    let text = word();
    for (let more = 1; more < count; more += 1) text += ` ${word()}`;
    return text;
  };
  const at = (step: number) => new Date(1_700_000_000_000 + step * 1000).toISOString().slice(0, 19).replace("T", " ");
  // A cipher's key stream is the quickest noise that is the same every time.
  const noise = createCipheriv("aes-128-ctr", Buffer.alloc(16), Buffer.alloc(16)).update(Buffer.alloc(8_000_000)).toString("hex");
  const hex = (length: number) => {
    const start = random.between(0, noise.length - length);
    return noise.slice(start, start + length);
  };
  const one = (table: string) => random.between(1, made.get(table) ?? 1);
  const cents = (most: number) => (random.between(100, most) / 100).toFixed(2);
  return [
    {
      name: "customers",
      share: 0.04,
      columns: `${id}, email VARCHAR(120) NOT NULL UNIQUE, name VARCHAR(80) NOT NULL, street VARCHAR(120) NOT NULL, created_at DATETIME NOT NULL`,
      overhead: 16,
      row: (n) => `${n}\t${word()}.${n}@example.com\t${words(2)}\t${words(2)} ${random.between(1, 200)}\t${at(n * 90)}`,
    },
    {
      name: "products",
      share: 0.05,
      columns: `${id}, name VARCHAR(120) NOT NULL, description TEXT NOT NULL, details JSON NOT NULL, price DECIMAL(10,2) NOT NULL`,
      overhead: 18,
      row: (n) =>
        `${n}\t${words(3)}\t${words(random.between(20, 120))}\t{"colour": "${words(1)}", "weight": ${random.between(10, 9000)}}\t${cents(90_000)}`,
    },
    {
      name: "product_images",
      share: 0.11,
      columns: `${id}, product_id BIGINT UNSIGNED NOT NULL, path VARCHAR(200) NOT NULL, thumbnail MEDIUMBLOB NOT NULL, KEY (product_id)`,
      load: "(id, product_id, path, @hex) SET thumbnail = UNHEX(@hex)",
      overhead: 12,
      row: (n) => `${n}\t${one("products")}\t${words(2).replace(" ", "/")}-${n}.jpg\t${hex(8 * random.between(400, 1800))}`,
    },
    {
      name: "orders",
      share: 0.09,
      columns: `${id}, customer_id BIGINT UNSIGNED NOT NULL, status VARCHAR(12) NOT NULL, total DECIMAL(10,2) NOT NULL, note VARCHAR(200) NOT NULL, placed_at DATETIME NOT NULL, KEY (customer_id), KEY (placed_at)`,
      overhead: 18,
      row: (n) =>
        `${n}\t${one("customers")}\t${random.favour(["delivered", "sent", "paid", "cancelled"])}\t${cents(60_000)}\t${random.chance(0.2) ? words(8) : ""}\t${at(n * 40)}`,
    },
    {
      name: "order_items",
      share: 0.16,
      columns: `${id}, order_id BIGINT UNSIGNED NOT NULL, product_id BIGINT UNSIGNED NOT NULL, quantity INT NOT NULL, price DECIMAL(10,2) NOT NULL, KEY (order_id), KEY (product_id)`,
      overhead: 10,
      row: (n) =>
        `${n}\t${1 + (Math.floor(n / 3) % (made.get("orders") ?? 1))}\t${one("products")}\t${random.favour([1, 2, 3, 4, 6])}\t${cents(60_000)}`,
    },
    {
      name: "reviews",
      share: 0.05,
      columns: `${id}, product_id BIGINT UNSIGNED NOT NULL, stars TINYINT NOT NULL, body TEXT NOT NULL, KEY (product_id)`,
      overhead: 10,
      row: (n) => `${n}\t${one("products")}\t${random.between(1, 5)}\t${words(random.between(10, 70))}`,
    },
    {
      name: "events",
      share: 0.5,
      columns: `${id}, customer_id BIGINT UNSIGNED NOT NULL, kind VARCHAR(20) NOT NULL, session CHAR(28) NOT NULL, path VARCHAR(200) NOT NULL, detail JSON NOT NULL, happened_at DATETIME NOT NULL, KEY (customer_id)`,
      overhead: 24,
      row: (n) =>
        `${n}\t${one("customers")}\t${random.favour(["view", "click", "search", "cart", "pay"])}\t${hex(28)}\t/${words(2).replace(" ", "/")}\t{"query": "${words(random.between(1, 5))}", "ms": ${random.between(1, 4000)}}\t${at(n * 7)}`,
    },
  ];
}
