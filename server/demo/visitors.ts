import type { Product, Variant } from "./catalogue.ts";
import { seeded } from "./random.ts";
import { type Calendar, chanceBytes } from "./row.ts";
import { grumbles, praise, reviewTitles } from "./words.ts";

type Rows = (readonly unknown[])[];

/** `count` carts that were never ordered; a third belong to nobody we know. */
export function carts(count: number, customers: number, variants: readonly Variant[], calendar: Calendar): { carts: Rows; items: Rows } {
  const random = seeded("carts");
  const [rows, items]: [Rows, Rows] = [[], []];
  for (let id = 1; id <= count; id += 1) {
    rows.push([
      id,
      random.chance(0.35) ? null : random.between(1, customers),
      chanceBytes(random, 16),
      calendar.daysAgo(random.next() * 60),
    ]);
    const chosen = new Set(Array.from({ length: random.between(1, 4) }, () => random.favour(variants).id));
    for (const variant of chosen) items.push([id, variant, random.favour([1, 2, 3])]);
  }
  return { carts: rows, items };
}

/** `count` reviews, mostly kind. */
export function reviews(count: number, customers: number, products: readonly Product[], calendar: Calendar): Rows {
  const random = seeded("reviews");
  return Array.from({ length: count }, (_, index) => {
    const stars = random.favour([5, 4, 3, 2, 1]);
    const body = Array.from({ length: random.between(2, 4) }, () => random.pick(random.chance(stars / 5 - 0.05) ? praise : grumbles));
    const [product, customer] = [random.favour(products).id, random.between(1, customers)];
    return [index + 1, product, customer, stars, random.favour(reviewTitles), `${body.join(". ")}.`, calendar.daysAgo(random.next() * 700)];
  });
}
