import { formatBytes } from "../../shared/format.ts";
import { type Figures, median } from "./measure.ts";
import { type Bar, type Race, reached } from "./races.ts";

/** A race for a person in front of a terminal. */
export function raceLines(race: Race): string[] {
  const shown = tableOf(race);
  const widths = (shown[0] ?? []).map((_, column) => Math.max(...shown.map((cells) => cells[column]?.length ?? 0)));
  const of = race.bytes === null ? "" : ` of ${formatBytes(race.bytes)}`;
  return [
    `${race.title}${of}, median (least - most) of ${race.contenders[0]?.samples.length ?? 0} in turn`,
    ...shown.map((cells) => cells.map((cell, at) => (at ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[0] ?? 0))).join("  ")),
    ...race.bars.map(barLine),
    ...race.notes.map((note) => `  ${note}`),
  ];
}

/** The heading and a row for each contender; columns that nobody has a figure for are left out. */
export function tableOf({ contenders }: Pick<Race, "contenders">): string[][] {
  const rows = [headings, ...contenders.map(cellsOf)];
  const used = headings.map((_, column) => column === 0 || rows.slice(1).some((cells) => cells[column]));
  return rows.map((cells) => cells.filter((_, column) => used[column]));
}

const headings = ["", "wall s", "CPU s", "server's CPU s", "stored", "peak memory", "loop p99"];

/** What the columns of `headings` hold; empty where there is no such figure. */
function cellsOf({ name, samples, ...wall }: Figures): string[] {
  const middle = (key: string) => median(samples.flatMap(({ extra }) => extra?.[key] ?? []));
  const most = (key: string) => Math.max(...samples.flatMap(({ extra }) => extra?.[key] ?? []));
  const stored = median(samples.map(({ storedBytes }) => storedBytes));
  // What was not measured is NaN, which JSON does not know: from a file it comes as nothing.
  const show = (value: number, text: (value: number) => string) => (Number.isFinite(value) && value > 0 ? text(value) : "");
  return [
    name,
    `${wall.median.toFixed(2)} (${wall.min.toFixed(2)} - ${wall.max.toFixed(2)})`,
    show(median(samples.map(({ cpuSeconds }) => cpuSeconds)), (value) => value.toFixed(1)),
    show(middle("serverSeconds"), (value) => value.toFixed(1)),
    stored ? formatBytes(stored) : "",
    show(most("peakMemory"), formatBytes),
    show(most("loopP99"), (value) => `${value.toFixed(0)} ms`),
  ];
}

function barLine(bar: Bar): string {
  const [value, least, most] = [bar.value, bar.least, bar.most].map((number) => shownValue(number, bar));
  const wanted = bar.bar === null ? "" : `, at most ${shownValue(bar.bar, bar)}: ${verdictOf(bar)}`;
  return `  ${bar.what}${bar.beside ? ` / ${bar.beside}` : ""}: ${value} (${least} - ${most})${wanted}`;
}

/** What became of a bar; nothing where there is none. */
export function verdictOf(bar: Pick<Bar, "value" | "bar">): string {
  const found = reached(bar);
  return found === null ? "" : found ? "PASS" : "over the bar";
}

/** A ratio with two digits, bytes as people write them, times with their unit. */
export function shownValue(value: number, { unit }: Pick<Bar, "unit">): string {
  if (unit === "bytes") return formatBytes(value);
  return unit === "" ? value.toFixed(2) : `${value.toFixed(0)} ${unit}`;
}
