import type { Shape } from "./painting.ts";

/** A category, the folder of its pictures, and how its products are named: every first word with every second. */
export interface Category {
  readonly name: string;
  readonly parent: string | null;
  readonly slug: string;
  /** Below the media folder; with spaces and accents on purpose, as real shops have. */
  readonly folder: string;
  readonly emoji: string;
}
export interface Assortment {
  readonly category: string;
  readonly shape: Shape;
  readonly first: readonly string[];
  readonly second: readonly string[];
  /** What a customer chooses from: the label and its price relative to the first. */
  readonly sizes: readonly (readonly [label: string, factor: number])[];
  /** Cheapest and dearest, in cents. */
  readonly price: readonly [low: number, high: number];
  readonly story: readonly string[];
}

const list = (text: string) => text.split(", ");

/** Parents before their children. */
export const categories: readonly Category[] = [
  { name: "Coffee", parent: null, slug: "coffee", folder: "coffee", emoji: "☕️" },
  { name: "Filter coffee", parent: "Coffee", slug: "filter-coffee", folder: "coffee/filter", emoji: "☕️" },
  { name: "Espresso", parent: "Coffee", slug: "espresso", folder: "coffee/espresso", emoji: "⚡️" },
  { name: "Tea", parent: null, slug: "tea", folder: "tea", emoji: "🍃" },
  { name: "Black tea", parent: "Tea", slug: "black-tea", folder: "tea/black tea", emoji: "🫖" },
  { name: "Green tea", parent: "Tea", slug: "green-tea", folder: "tea/緑茶", emoji: "🍵" },
  { name: "Tisanes", parent: "Tea", slug: "tisanes", folder: "tea/thé & tisane", emoji: "🌼" },
  { name: "Brewing", parent: null, slug: "brewing", folder: "brewing", emoji: "🔥" },
  { name: "Kettles and pots", parent: "Brewing", slug: "kettles-and-pots", folder: "brewing/kettles & pots", emoji: "🫖" },
  { name: "Grinders", parent: "Brewing", slug: "grinders", folder: "brewing/grinders", emoji: "⚙️" },
  { name: "Cups", parent: null, slug: "cups", folder: "cups", emoji: "🥛" },
  { name: "Sweet things", parent: null, slug: "sweet-things", folder: "sweet things", emoji: "🍪" },
];

const bags = [
  ["250 g", 1],
  ["500 g", 1.85],
  ["1 kg", 3.4],
] as const;
const tins = [
  ["50 g", 1],
  ["100 g", 1.8],
  ["250 g", 4.1],
] as const;

/** What the shop sells; products are dealt from these in turn. */
export const assortments: readonly Assortment[] = [
  {
    category: "Filter coffee",
    shape: "bag",
    first: list("Yirgacheffe, Sidama, Nyeri AA, Huehuetenango, Tarrazú, Antigua, Kochere, Gesha Boquete, Nariño, Sul de Minas"),
    second: list("washed, natural, honey, peaberry"),
    sizes: bags,
    price: [890, 2400],
    story: list(
      "Grown at 1,900 m, Dried on raised beds for eighteen days, Notes of bergamot and apricot, Roasted on Tuesdays, Shade-grown under old figs",
    ),
  },
  {
    category: "Espresso",
    shape: "beans",
    first: list("Night Ferry, Harbour, Old Lighthouse, Copper, Barrow, Monsoon Malabar, Napoli, Café Señorita"),
    second: list("blend, dark roast, decaf, crème"),
    sizes: bags,
    price: [850, 1650],
    story: list("Heavy and sweet with a long finish, Made for milk, Cocoa and toasted hazelnut, Rested ten days before it leaves us"),
  },
  {
    category: "Black tea",
    shape: "tin",
    first: list("Assam, Darjeeling, Keemun 祁門, Ceylon, Lapsang, Earl Grey, Yunnan 滇紅, Nilgiri"),
    second: list("first flush, second flush, breakfast, reserve"),
    sizes: tins,
    price: [640, 2900],
    story: list("Malty and brisk, From a garden of nine hectares, Takes milk but does not ask for it, Golden tips throughout"),
  },
  {
    category: "Green tea",
    shape: "leaf",
    first: list("Sencha 煎茶, Gyokuro 玉露, Hōjicha ほうじ茶, Genmaicha, Long Jing 龍井, Matcha 抹茶, Bì Luó Chūn"),
    second: list("Uji, Kirishima, spring, ceremonial"),
    sizes: tins,
    price: [780, 4800],
    story: list("Shaded for twenty days before picking, Seventy degrees and one minute, Deep green and full of umami, Pan-fired by hand"),
  },
  {
    category: "Tisanes",
    shape: "leaf",
    first: list("Verveine, Camomille, Rooibos, Menthe poivrée, Tilleul, Hibiscus"),
    second: list("nature, d’été, du soir, à l’orange"),
    sizes: tins,
    price: [480, 1250],
    story: list("No caffeine and no hurry, Whole flowers, For the end of the day, Also good over ice"),
  },
  {
    category: "Kettles and pots",
    shape: "pot",
    first: list("Gooseneck, Cast iron 南部鉄器, Enamel, Glass, Copper, Porcelain"),
    second: list("kettle, teapot, server, moka pot"),
    sizes: [
      ["0.6 l", 1],
      ["1.0 l", 1.3],
    ],
    price: [2400, 14900],
    story: list("Pours a thread of water, Made in Sakai since 1908, Keeps warm for an hour, Comes with a spare lid knob"),
  },
  {
    category: "Grinders",
    shape: "grinder",
    first: list("Walnut, Steel, Travel, Workshop, Box"),
    second: list("hand grinder, burr grinder, mill"),
    sizes: [["standard", 1]],
    price: [3900, 24900],
    story: list("Conical burrs of hardened steel, Thirty clicks from moka to French press, Quiet enough for six in the morning"),
  },
  {
    category: "Cups",
    shape: "cup",
    first: list("Stoneware, Speckled, Ink-blue, Hasami 波佐見, Double-walled, Tasting"),
    second: list("cup, mug, bowl, tumbler"),
    sizes: [
      ["one", 1],
      ["set of two", 1.9],
      ["set of four", 3.6],
    ],
    price: [1100, 3900],
    story: list(
      "Thrown by hand so that no two are equal, Fits under every machine, Glazed inside and raw outside, Goes into the dishwasher",
    ),
  },
  {
    category: "Sweet things",
    shape: "biscuit",
    first: list("Almond, Black sesame, Ginger, Sea salt, Piñón, Crème brûlée"),
    second: list("biscotti, shortbread, chocolate, wafers"),
    sizes: [
      ["one box", 1],
      ["three boxes", 2.7],
    ],
    price: [390, 1450],
    story: list("Baked on Thursdays, Snaps properly, Gone before the pot is empty, No palm oil"),
  },
];
