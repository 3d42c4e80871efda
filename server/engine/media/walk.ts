import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import ignore from "ignore";
import type { Entry, Skipped } from "./entry.ts";
import { lookAt, lookInside } from "./folder.ts";
import { nameRoots } from "./roots.ts";
import { type Measured, measureInThread } from "./thread.ts";

/** What "exclude logs" leaves out, in gitignore's syntax: log files, also rotated and packed ones, and folders of them. */
export const logPatterns: readonly string[] = ["*.log", "*.log.*", "logs/", "log/"];

/** Our own folders and lists in a root, there only while a restore swaps its content. */
const isOwn = ({ path, kind }: Entry | Skipped) =>
  path.startsWith(".holdfast-") && !path.includes("/") && (kind === "directory" || path.startsWith(".holdfast-moves-"));

/**
 * Everything below the roots that `exclude` (patterns in gitignore's syntax, relative to each root) does not leave out,
 * sorted, each folder before its content. Links are told as links, never followed; nothing outside of a root is ever
 * looked at. Memory is bounded by the names of the largest folders on the way. It blocks: walk in a worker.
 */
export function* walk(roots: readonly string[], exclude: readonly string[]): Generator<Entry | Skipped, void> {
  for (const [root, path] of roots.entries()) {
    const at = realpathSync(resolve(path));
    const top = lookAt(at, { root, path: "", at });
    if (top.kind === "directory") yield* inside(top, matcher(exclude));
    else yield top;
  }
}

/**
 * The uncompressed bytes that an archive of these folders will have, to measure progress by, and its files. Rejects with
 * SOURCE_UNAVAILABLE as `openPack` does.
 */
export const measure = async (roots: readonly string[], exclude: readonly string[], signal: AbortSignal): Promise<Measured> =>
  measureInThread({ roots: await nameRoots(roots), exclude }, signal);

/** The size of the archive that the roots will make, to measure progress by, and its files. */
export function sizeUp(roots: readonly string[], exclude: readonly string[]): Measured {
  let [bytes, files] = [archiveEnd, 0];
  for (const found of walk(roots, exclude)) {
    if (found.kind === "skipped") continue;
    bytes += entryHeaders + Math.ceil(found.size / 512) * 512;
    if (found.kind === "file") files += 1;
  }
  return { bytes, files };
}

/** A header, and a further one with its body for the exact time. */
const entryHeaders = 3 * 512;
const archiveEnd = 2 * 512;

type Excluded = (found: Entry | Skipped) => boolean;

function* inside(folder: Entry, excluded: Excluded): Generator<Entry | Skipped, void> {
  yield folder;
  for (const found of lookInside(folder)) {
    if (excluded(found)) continue;
    if (found.kind === "directory") yield* inside(found, excluded);
    else yield found;
  }
}

function matcher(patterns: readonly string[]): Excluded {
  // Matching a path takes as long as looking at the file.
  if (patterns.length === 0) return isOwn;
  const fresh = () => ignore({ ignorecase: false }).add(patterns);
  let [rules, asked] = [fresh(), 0];
  return (found) => {
    // It remembers every path it was ever asked for, which a million files would notice.
    if (++asked % 10_000 === 0) rules = fresh();
    return isOwn(found) || (found.path !== "" && rules.ignores(found.kind === "directory" ? `${found.path}/` : found.path));
  };
}
