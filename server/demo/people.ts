import { type Random, seeded } from "./random.ts";
import { type Calendar, chanceBytes } from "./row.ts";
import { type Country, countries } from "./words.ts";

export interface Customer {
  readonly id: number;
  readonly row: readonly unknown[];
}
/** The first address of customer n is at index n - 1. */
export interface Address {
  readonly id: number;
  readonly customerId: number;
  readonly row: readonly unknown[];
}

/** `count` customers, most with one address and some with two. */
export function people(count: number, calendar: Calendar): { customers: Customer[]; addresses: Address[] } {
  const random = seeded("people");
  const customers: Customer[] = [];
  const firsts: Address[] = [];
  const seconds: Address[] = [];
  for (let id = 1; id <= count; id += 1) {
    const country = random.favour(countries);
    const name = fullName(random, country);
    const preferences = {
      currency: random.pick(["EUR", "GBP"]),
      roast: random.pick(["light", "medium", "dark", null]),
      gift_wrap: random.chance(0.1),
    };
    const row = [id, `${mailbox(random)}.${id}@example.${random.pick(["com", "org", "net"])}`, name, country.language];
    customers.push({ id, row: [...row, random.chance(0.4), JSON.stringify(preferences), calendar.daysAgo(30 + random.next() * 1400)] });
    firsts.push(address(random, id, id, name, country, true));
    if (random.chance(0.35)) seconds.push(address(random, count + seconds.length + 1, id, fullName(random, country), country, false));
  }
  return { customers, addresses: [...firsts, ...seconds] };
}

function fullName(random: Random, { given, family, familyFirst }: Country): string {
  const [first, last] = [random.pick(given), random.pick(family)];
  return familyFirst ? `${last} ${first}` : `${first} ${last}`;
}

/** Mail addresses do not tell who it is, as in many a real shop. */
const mailbox = (random: Random) => chanceBytes(random, 4).toString("hex");

function address(random: Random, id: number, customerId: number, name: string, country: Country, isDefault: boolean): Address {
  const [town, postcode] = random.favour(country.towns);
  const street = `${random.pick(country.streets)} ${random.between(1, 140)}${random.chance(0.1) ? "b" : ""}`;
  return { id, customerId, row: [id, customerId, name, street, town, postcode, country.code, isDefault] };
}
