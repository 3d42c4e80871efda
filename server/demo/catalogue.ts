import { assortments, categories } from "./assortment.ts";
import type { Shape } from "./painting.ts";
import { type Random, seeded } from "./random.ts";

/** What the shop sells and shows. Rows and picture files are both made from it, so they always agree. */
export interface Catalogue {
  readonly products: readonly Product[];
  readonly variants: readonly Variant[];
  readonly pictures: readonly Picture[];
}
export interface Product {
  readonly id: number;
  readonly categoryId: number;
  readonly name: string;
  readonly description: string;
  readonly cents: number;
  readonly emoji: string;
}
export interface Variant {
  readonly id: number;
  readonly productId: number;
  readonly sku: string;
  readonly label: string;
  readonly cents: number;
}
/** One picture file; `path` is relative to the media folder and `/`-separated. */
export interface Picture {
  readonly id: number;
  readonly productId: number;
  readonly position: number;
  readonly path: string;
  readonly caption: string;
  readonly shape: Shape;
  readonly width: number;
  readonly height: number;
  /** Shades of film grain: more make a larger file. */
  readonly grain: number;
  readonly seed: string;
}

const productCount = 240;
/** How many picture files the shop refers to. */
export const pictureCount = 500;
const views = ["front", "detail", "on the table", "von oben", "in use ✨", "côté"] as const;

/** The whole catalogue; every call gives the same. */
export function catalogue(): Catalogue {
  const random = seeded("catalogue");
  const products: Product[] = [];
  const variants: Variant[] = [];
  for (let turn = 0; products.length < productCount; turn += 1) {
    for (const [index, kind] of assortments.entries()) {
      // Walking both lists at once meets every pair once before any comes back, when their lengths differ enough.
      const first = kind.first[turn % kind.first.length] ?? "";
      const second = kind.second[Math.floor(turn / kind.first.length) % kind.second.length] ?? "";
      if (turn >= kind.first.length * kind.second.length || products.length >= productCount) continue;
      const categoryId = categories.findIndex((category) => category.name === kind.category) + 1;
      const cents = Math.round(random.between(...kind.price) / 10) * 10 + 9;
      const id = products.length + 1;
      const emoji = categories[categoryId - 1]?.emoji ?? "";
      products.push({ id, categoryId, name: `${first} ${second}`, description: describe(random, kind.story, emoji), cents, emoji });
      for (const [size, factor] of kind.sizes) {
        const sku = `MF-${index + 1}${String(id).padStart(4, "0")}-${variants.length + 1}`;
        variants.push({ id: variants.length + 1, productId: id, sku, label: size, cents: Math.round((cents * factor) / 10) * 10 - 1 });
      }
    }
  }
  return { products, variants, pictures: pictures(products) };
}

function describe(random: Random, story: readonly string[], emoji: string): string {
  const start = random.between(0, story.length - 1);
  const sentences = story.map((_, offset) => `${story[(start + offset) % story.length]}.`);
  return `${sentences.slice(0, random.between(2, story.length)).join(" ")} ${emoji}`;
}

function pictures(products: readonly Product[]): Picture[] {
  const random = seeded("pictures");
  return Array.from({ length: pictureCount }, (_, index) => {
    // Every product in turn gets its first picture, then some get a second and a third.
    const product = products[index % products.length] ?? products[0];
    if (!product) throw new RangeError("The catalogue is empty.");
    const position = Math.floor(index / products.length) + 1;
    const category = categories[product.categoryId - 1];
    const caption = `${product.name}, ${position === 1 ? views[0] : views[random.between(1, views.length - 1)]}`;
    const name = `${String(product.id).padStart(3, "0")} ${caption.replaceAll(", ", " - ")} ${position}.png`.normalize("NFC");
    const width = random.pick([200, 280, 360, 440, 520, 600]);
    return {
      id: index + 1,
      productId: product.id,
      position,
      path: `${category?.folder ?? "other"}/${name}`,
      caption,
      shape: assortments.find((kind) => kind.category === category?.name)?.shape ?? "cup",
      width,
      height: Math.round(width * random.pick([1, 1, 1.25, 0.8])),
      grain: random.pick([3, 6, 9, 14]),
      seed: `picture ${index + 1}`,
    };
  });
}
