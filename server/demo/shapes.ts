/** Silhouettes as signed distances: negative inside, in a square from -1 to 1 with y pointing down. */
export const distanceTo = {
  bag: (x: number, y: number) => {
    const body = box(x, y - 0.1, 0.52 + y * 0.06, 0.72, 0.08);
    const label = Math.abs(box(x, y - 0.2, 0.34, 0.3, 0.04)) - 0.012;
    return Math.max(Math.min(body, box(x, y + 0.72, 0.46, 0.09, 0.03)), -label);
  },
  tin: (x: number, y: number) => {
    const body = Math.min(box(x, y - 0.16, 0.5, 0.62, 0.06), box(x, y + 0.62, 0.53, 0.12, 0.05));
    return Math.max(body, -(Math.abs(y - 0.16) < 0.3 ? Math.abs(Math.abs(y - 0.16) - 0.27) - 0.014 : 1));
  },
  beans: (x: number, y: number) =>
    Math.min(bean(x + 0.4, y + 0.34, 0.5), bean(x - 0.38, y + 0.2, -0.7), bean(x + 0.06, y - 0.42, 1.5), bean(x - 0.62, y - 0.56, 0.2)),
  leaf: (x: number, y: number) => Math.min(leaf(x, y, 0), leaf(x + 0.1, y - 0.3, 0.95), leaf(x - 0.1, y - 0.3, -0.95)),
  cup: (x: number, y: number) => {
    const bowl = Math.max(length(x, (y + 0.3) * 0.92) - 0.72, -0.34 - y);
    const handle = Math.abs(length(x - 0.7, y + 0.02) - 0.22) - 0.055;
    const saucer = box(x, y - 0.5, 0.82, 0.045, 0.04);
    return Math.min(bowl, handle, saucer);
  },
  pot: (x: number, y: number) => {
    const body = length(x * 0.92, (y - 0.14) * 1.08) - 0.58;
    const spout = segment(x, y, 0.46, 0.2, 0.96, -0.34) - 0.075;
    const handle = Math.abs(length(x + 0.62, y - 0.1) - 0.3) - 0.05;
    const lid = Math.min(box(x, y + 0.4, 0.3, 0.035, 0.03), length(x, y + 0.53) - 0.085);
    return Math.min(body, spout, handle, lid);
  },
  grinder: (x: number, y: number) => {
    const box1 = box(x, y - 0.42, 0.46, 0.4, 0.05);
    const funnel = Math.max(length(x, (y - 0.02) * 1.1) - 0.42, y - 0.02);
    const crank = Math.min(segment(x, y, 0, -0.4, 0, -0.62) - 0.035, segment(x, y, 0, -0.62, 0.56, -0.7) - 0.035);
    const knobs = Math.min(length(x - 0.58, y + 0.78) - 0.09, 1);
    return Math.min(Math.max(box1, -(length(x, y - 0.5) - 0.05)), funnel, crank, knobs);
  },
  biscuit: (x: number, y: number) => {
    const wave = Math.cos(Math.atan2(y, x) * 18) * 0.025;
    const holes = length(fold(x), fold(y)) - 0.045;
    return Math.max(length(x, y) - 0.72 - wave, -Math.max(holes, length(x, y) - 0.55));
  },
} as const;

function box(x: number, y: number, halfWidth: number, halfHeight: number, radius: number): number {
  const [dx, dy] = [Math.abs(x) - halfWidth + radius, Math.abs(y) - halfHeight + radius];
  return length(Math.max(dx, 0), Math.max(dy, 0)) + Math.min(Math.max(dx, dy), 0) - radius;
}

function segment(x: number, y: number, x1: number, y1: number, x2: number, y2: number): number {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const along = Math.min(Math.max(((x - x1) * dx + (y - y1) * dy) / (dx * dx + dy * dy), 0), 1);
  return length(x - x1 - dx * along, y - y1 - dy * along);
}

function bean(x: number, y: number, turn: number): number {
  const [u, v] = turned(x, y, turn);
  const crease = Math.abs(u - Math.sin(v * 7) * 0.05) - 0.022;
  return Math.max((length(u / 0.27, v / 0.4) - 1) * 0.3, -crease);
}

/** Where two circles overlap, with a vein left out. */
function leaf(x: number, y: number, turn: number): number {
  const [u, v] = turned(x, y - 0.5, turn);
  const blade = Math.max(length(u + 0.5, v + 0.62), length(u - 0.5, v + 0.62)) - 0.76;
  return Math.min(Math.max(blade, 0.014 - Math.abs(u)), segment(u, v, 0, 0, 0, 0.22) - 0.025);
}

function turned(x: number, y: number, turn: number): readonly [number, number] {
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  return [x * cos + y * sin, y * cos - x * sin];
}

const fold = (value: number) => ((((value + 0.15) % 0.3) + 0.3) % 0.3) - 0.15;

/** Math.hypot guards against overflow, which costs more here than all the rest of the painting. */
const length = (x: number, y: number) => Math.sqrt(x * x + y * y);
