import type { Indexed } from "./png.ts";
import { type Random, seeded } from "./random.ts";
import { distanceTo } from "./shapes.ts";

/** What is in the picture. */
export type Shape = keyof typeof distanceTo;

/** What to paint: a print in two inks, paper behind and product in front, with `grain` shades of film grain. */
export interface Sitting {
  readonly shape: Shape;
  readonly width: number;
  readonly height: number;
  readonly grain: number;
  readonly seed: string;
}

type Colour = readonly [red: number, green: number, blue: number];
/** Paper from light to shade, then ink from light to shade. */
const inks: readonly (readonly [Colour, Colour, Colour, Colour])[] = [
  [
    [250, 240, 222],
    [232, 196, 150],
    [222, 122, 74],
    [92, 40, 32],
  ],
  [
    [236, 244, 232],
    [168, 204, 176],
    [74, 140, 108],
    [18, 52, 48],
  ],
  [
    [242, 236, 246],
    [196, 178, 216],
    [112, 92, 160],
    [40, 28, 70],
  ],
  [
    [232, 242, 248],
    [158, 196, 220],
    [52, 112, 158],
    [14, 38, 70],
  ],
  [
    [252, 238, 232],
    [242, 190, 178],
    [206, 84, 92],
    [84, 22, 44],
  ],
  [
    [250, 246, 226],
    [236, 214, 140],
    [196, 140, 40],
    [80, 50, 16],
  ],
  [
    [240, 240, 236],
    [196, 196, 188],
    [104, 108, 108],
    [28, 30, 34],
  ],
];

/** Paints one picture; the same sitting gives the same pixels. */
export function paint({ shape, width, height, grain, seed }: Sitting): Indexed {
  const random = seeded(seed);
  const ink = random.pick(inks);
  const { near, front, behind, columns, scale } = sketch(shape, width, height, random);
  const pixels = new Uint8Array(width * height);
  let noise = random.between(1, 2 ** 31);
  for (let row = 0, at = 0; row < height; row += 1) {
    const down = (row % step) / step;
    let corner = Math.floor(row / step) * columns;
    for (let column = 0, beside = 0; column < width; column += 1, at += 1, beside += 1) {
      if (beside === step) {
        beside = 0;
        corner += 1;
      }
      const across = beside / step;
      noise ^= noise << 13;
      noise ^= noise >>> 17;
      noise ^= noise << 5;
      const chance = (noise >>> 0) / 4_294_967_296 - 0.5;
      // The edge is dithered instead of blended: two inks do not mix.
      const inside = blend(near, corner, columns, across, down) < chance * scale * 2;
      const shade = blend(inside ? front : behind, corner, columns, across, down);
      const tone = Math.round(Math.min(Math.max(shade, 0), 1) * 110 + 8 + chance * grain);
      pixels[at] = inside ? 128 + tone : tone;
    }
  }
  return { width, height, pixels, palette: palette(ink) };
}

/** Pixels between two points of the sketch: the slow mathematics is done there, and blended in between. */
const step = 3;

/** For each point of a coarse grid: how near the product is, and how dark product and paper are there. */
function sketch(shape: Shape, width: number, height: number, random: Random) {
  const distance = distanceTo[shape];
  const turn = (random.next() - 0.5) * 0.24;
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const scale = (2 * (1.08 + random.next() * 0.3)) / Math.min(width, height);
  const waves = random.pick([0, 7, 12, 20]);
  const light = random.next() * 0.5 - 0.25;
  const [columns, rows] = [Math.ceil(width / step) + 1, Math.ceil(height / step) + 1];
  const layer = () => new Float32Array(columns * rows);
  const [near, front, behind] = [layer(), layer(), layer()];
  for (let at = 0; at < near.length; at += 1) {
    const u = ((at % columns) * step - width / 2) * scale;
    const v = (Math.floor(at / columns) * step - height / 2) * scale;
    const x = u * cos - v * sin;
    const y = u * sin + v * cos;
    const away = distance(x, y);
    near[at] = away;
    front[at] = 0.34 + x * 0.42 + y * 0.22 + light * 0.3 - Math.max(away, -0.2) * 0.5;
    behind[at] = paper(u, v, away, waves, light);
  }
  return { near, front, behind, columns, scale };
}

/** The value between four points of a layer. */
function blend(layer: Float32Array, corner: number, columns: number, across: number, down: number): number {
  const above = (layer[corner] ?? 0) * (1 - across) + (layer[corner + 1] ?? 0) * across;
  const below = (layer[corner + columns] ?? 0) * (1 - across) + (layer[corner + columns + 1] ?? 0) * across;
  return above * (1 - down) + below * down;
}

function paper(u: number, v: number, near: number, waves: number, light: number): number {
  const rings = waves ? Math.sin(Math.sqrt((u * 0.8 + light) ** 2 + (v + 1.6) ** 2) * waves) * 0.05 : 0;
  const shadow = Math.max(0, 0.3 - near) * Math.max(0, v + 0.4) * 0.7;
  return 0.18 + (v + u * light * 2) * 0.16 + rings + shadow;
}

function palette([paperLight, paperShade, inkLight, inkShade]: readonly [Colour, Colour, Colour, Colour]): Uint8Array {
  const colours = new Uint8Array(256 * 3);
  for (let index = 0; index < 256; index += 1) {
    const [from, to] = index < 128 ? [paperLight, paperShade] : [inkLight, inkShade];
    const share = (index % 128) / 127;
    for (const channel of [0, 1, 2] as const)
      colours[index * 3 + channel] = Math.round(from[channel] + (to[channel] - from[channel]) * share);
  }
  return colours;
}
