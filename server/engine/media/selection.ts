import { badInput } from "../../domain/errors.ts";
import type { MediaMeasure } from "../content.ts";
import type { MediaIndex } from "./media-index.ts";
import type { TarEntry } from "./untar.ts";

/** Runs of positions in an index, in order: from the first to before the last number. */
type Runs = readonly (readonly [from: number, to: number])[];

/** The chosen paths without any that lies below another, and without slashes at their ends. */
export function topsOf(paths: readonly string[]): ReadonlySet<string> {
  const wanted = new Set(paths.map((path) => path.replace(/\/+$/, "")));
  return new Set([...wanted].filter((path) => !parentsOf(path).some((parent) => wanted.has(parent))));
}

/** "a/b/c" lies in "a" and "a/b". */
export function parentsOf(path: string): string[] {
  const parents: string[] = [];
  for (let at = path.indexOf("/"); at > 0; at = path.indexOf("/", at + 1)) parents.push(path.slice(0, at));
  return parents;
}

/** The entries of these paths, of all below them, and of the folders that they lie in. A path that is not there is BAD_USER_INPUT. */
export function positionsOf(index: MediaIndex, paths: readonly string[]): Runs {
  const [runs, above] = [new Map<number, number>(), new Set<number>()];
  for (const path of topsOf(paths)) {
    const found = index.find(path);
    if (found === null) throw notInBackup(path);
    runs.set(found, index.next(found));
    for (let parent = index.parent(found); parent !== null; parent = index.parent(parent)) above.add(parent);
  }
  for (const folder of above) runs.set(folder, folder + 1);
  return [...runs].sort(([a], [b]) => a - b);
}

/** The bytes of the uncompressed archive that hold these entries, joined where one run ends where the next begins. */
export function rangesOf(index: MediaIndex, positions: Runs): Runs {
  const ranges: [number, number][] = [];
  for (const [from, to] of positions) {
    const [begin, end] = [index.entry(from).at, index.entry(to - 1).end];
    const last = ranges.at(-1);
    if (last?.[1] === begin) last[1] = end;
    else ranges.push([begin, end]);
  }
  return ranges;
}

export function measured(index: MediaIndex, positions: Runs): MediaMeasure {
  const counts = { FILE: 0, DIRECTORY: 0, LINK: 0 };
  for (const [from, to] of positions) for (let at = from; at < to; at += 1) counts[index.kind(at)] += 1;
  const bytes = rangesOf(index, positions).reduce((sum, [from, to]) => sum + to - from, 0);
  return { files: counts.FILE, directories: counts.DIRECTORY, links: counts.LINK, bytes };
}

/** The entries of these paths out of an archive without an index, all of which is read. */
export async function* filtered(entries: AsyncIterable<TarEntry>, paths: readonly string[]): AsyncGenerator<TarEntry, void> {
  const tops = topsOf(paths);
  const above = new Set([...tops].flatMap(parentsOf));
  const missing = new Set(tops);
  for await (const entry of entries) {
    const path = entry.name.replace(/^(?:\.\/)+|\/+$/g, "");
    const top = tops.has(path) ? path : parentsOf(path).find((parent) => tops.has(parent));
    if (top !== undefined) missing.delete(top);
    if (top !== undefined || (entry.kind === "directory" && above.has(path))) yield entry;
  }
  for (const path of missing) throw notInBackup(path);
}

const notInBackup = (path: string) =>
  badInput(`The backup holds no file or folder ${JSON.stringify(path).slice(0, 500)}.`, "Choose from the files that the backup lists.");
