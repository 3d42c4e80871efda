import type { Race } from "./races.ts";

const [width, label, gap, row, head] = [960, 480, 26, 22, 34];
const colours = { ours: "#1d6fd1", theirs: "#9aa5b1", range: "#39424e", text: "#1f2933", faint: "#616e7c" };

/** The races as bars of their medians, each with a line from its least to its most; ours are coloured. A small SVG that needs nothing else. */
export function plot(races: readonly Race[], isOurs: (name: string) => boolean): string {
  const shown = races.filter(({ contenders }) => contenders.length > 1);
  const pieces: string[] = [];
  let top = 10;
  for (const race of shown) {
    pieces.push(text(10, top + 18, `${race.title}, wall seconds`, "bold"));
    top += head;
    const longest = Math.max(...race.contenders.map(({ max }) => max));
    const scale = (seconds: number) => (seconds / longest) * (width - label - 90);
    for (const { name, median, min, max } of race.contenders) {
      const middle = top + row / 2 - 2;
      pieces.push(
        text(label - 10, middle + 4, name, isOurs(name) ? "bold" : "end"),
        `<rect x="${label}" y="${top}" width="${size(scale(median))}" height="${row - 6}" fill="${isOurs(name) ? colours.ours : colours.theirs}"/>`,
        `<line x1="${size(label + scale(min))}" x2="${size(label + scale(max))}" y1="${middle}" y2="${middle}" stroke="${colours.range}" stroke-width="2"/>`,
        text(label + scale(max) + 8, middle + 4, `${median < 10 ? median.toFixed(2) : median.toFixed(1)} s`, "figure"),
      );
      top += row;
    }
    top += gap;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${top}" font-family="system-ui, sans-serif" font-size="13" role="img">`,
    "<title>Wall seconds of backup and restore beside other tools; less is better</title>",
    `<rect width="${width}" height="${top}" fill="#ffffff"/>`,
    ...pieces,
    "</svg>",
    "",
  ].join("\n");
}

function text(x: number, y: number, words: string, kind: "bold" | "end" | "figure"): string {
  const atEnd = x > 10 && kind !== "figure" ? ' text-anchor="end"' : "";
  const weight = kind === "bold" ? ' font-weight="600"' : "";
  const fill = kind === "figure" ? colours.faint : colours.text;
  return `<text x="${size(x)}" y="${size(y)}"${atEnd}${weight} fill="${fill}">${escaped(words)}</text>`;
}

const size = (value: number) => Number(value.toFixed(1));
const escaped = (words: string) => words.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
