import type { Variant } from "./catalogue.ts";
import { seeded } from "./random.ts";
import type { Calendar } from "./row.ts";

export const warehouses = [
  [1, "Harbour Street", "Bristol"],
  [2, "Lager Süd", "Tübingen"],
  [3, "宇治倉庫", "宇治市"],
] as const;

/** Stock per warehouse and variant, with the movements that add up to it; what was sold left from the first warehouse. */
export function stockroom(variants: readonly Variant[], sold: ReadonlyMap<number, number>, calendar: Calendar) {
  const random = seeded("stock");
  const stock: number[][] = [];
  const movements: (readonly unknown[])[] = [];
  for (const [warehouse] of warehouses) {
    for (const { id } of variants) {
      let quantity = 0;
      const move = (pieces: number, reason: string, days: number) => {
        quantity += pieces;
        movements.push([movements.length + 1, warehouse, id, pieces, reason, calendar.daysAgo(days)]);
      };
      const gone = warehouse === 1 ? (sold.get(id) ?? 0) : 0;
      move(random.between(5, 60), "opening", 740);
      for (let delivery = 1; delivery <= 3; delivery += 1)
        move(Math.ceil(gone / 3) + random.between(1, 40), "delivery", 700 - delivery * 180);
      if (gone) move(-gone, "sale", 0.1);
      if (random.chance(0.1)) move(-random.between(1, 4), "correction", 20 * random.next());
      stock.push([warehouse, id, quantity]);
    }
  }
  return { stock, movements };
}
