import type { Variant } from "./catalogue.ts";
import type { Address } from "./people.ts";
import { seeded } from "./random.ts";
import { type Calendar, chanceBytes, decimal } from "./row.ts";
import { carriers, orderNotes } from "./words.ts";

type Rows = (readonly unknown[])[];
/** Rows by table, and how many of each variant (by id) were sold. */
export interface Sales {
  readonly orders: Rows;
  readonly items: Rows;
  readonly payments: Rows;
  readonly shipments: Rows;
  readonly sold: ReadonlyMap<number, number>;
}

/** `count` orders of the last two years, the oldest first and each year busier than the one before. */
export function sales(count: number, addresses: readonly Address[], variants: readonly Variant[], calendar: Calendar): Sales {
  const random = seeded("sales");
  const [orders, items, payments, shipments]: [Rows, Rows, Rows, Rows] = [[], [], [], []];
  const sold = new Map<number, number>();
  for (let id = 1; id <= count; id += 1) {
    const age = 730 * (1 - (id - random.next()) / count) ** 1.3;
    const status = age < 1 ? "paid" : age < 2 ? "packed" : random.chance(0.03) ? "cancelled" : age < 6 ? "sent" : "delivered";
    const address = random.favour(addresses);
    let total = random.chance(0.3) ? 0 : 490;
    const shipping = total;
    for (let line = random.favour([1, 2, 3, 4, 5, 6, 7]); line > 0; line -= 1) {
      const variant = random.favour(variants);
      const quantity = random.favour([1, 2, 3, 6]);
      total += quantity * variant.cents;
      sold.set(variant.id, (sold.get(variant.id) ?? 0) + quantity);
      items.push([items.length + 1, id, variant.id, quantity, decimal(variant.cents), decimal(quantity * variant.cents)]);
    }
    const number = `MF-${calendar.daysAgo(age).slice(2, 4)}${String(id).padStart(8, "0")}`;
    const note = random.chance(0.08) ? random.pick(orderNotes) : null;
    orders.push([id, number, address.customerId, address.id, status, decimal(shipping), decimal(total), note, calendar.daysAgo(age)]);
    const method = random.favour(["card", "transfer", "invoice"]);
    payments.push([payments.length + 1, id, method, chanceBytes(random, 12), decimal(total), calendar.daysAgo(age * 0.9999)]);
    if (status !== "sent" && status !== "delivered") continue;
    const tracking = `MF${String(random.between(1, 9_999_999_999)).padStart(10, "0")}`;
    const arrived = status === "delivered" ? calendar.daysAgo(age - 1.5 - random.next() * 3) : null;
    shipments.push([shipments.length + 1, id, random.favour(carriers), tracking, calendar.daysAgo(age - 1), arrived]);
  }
  return { orders, items, payments, shipments, sold };
}
