import { isUtf8 } from "node:buffer";
import { type BigIntStats, closeSync, constants, lstatSync, openSync, readdirSync, readlinkSync } from "node:fs";
import { messageOf } from "../../domain/errors.ts";
import type { Entry, Skipped } from "./entry.ts";
import { microsecondsOf } from "./time.ts";

/** Where something is: its root, its path in there, and its absolute path. */
type Place = Pick<Entry, "root" | "path" | "at">;

const together = 64;

/** What a folder holds, sorted by name; one `skipped` of the folder itself when it cannot be listed. */
export function* lookInside(folder: Entry): Generator<Entry | Skipped, void> {
  try {
    const names = withFolder(folder.at, (base) => readdirSync(base)).sort();
    for (let start = 0; start < names.length; start += together) {
      const some = names.slice(start, start + together);
      yield* withFolder(folder.at, (base) => some.map((name) => lookAt(`${base}/${name}`, placeIn(folder, name))));
    }
  } catch (error) {
    yield skipped(folder, whyNot(error, "its content is not in the backup"));
  }
}

const placeIn = (folder: Entry, name: string): Place => ({
  root: folder.root,
  path: folder.path ? `${folder.path}/${name}` : name,
  at: `${folder.at === "/" ? "" : folder.at}/${name}`,
});

/**
 * Opens a folder and hands `use` a path to it that holds even when the folder is moved. A folder that has become a link,
 * or lies behind one by now, is refused: that is how a walk would be led out of its root.
 */
function withFolder<T>(at: string, use: (base: string) => T): T {
  const fd = openSync(at, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    if (process.platform !== "linux") return use(at);
    const base = `/proc/self/fd/${fd}`;
    if (readlinkSync(base) !== at) throw new Error("it was moved while it was read");
    return use(base);
  } finally {
    closeSync(fd);
  }
}

/** Looks at one thing without following a link; never throws. */
export function lookAt(path: string, place: Place): Entry | Skipped {
  try {
    const stats = lstatSync(path, { bigint: true });
    const kind = kindOf(stats);
    if (!kind) return skipped(place, `is ${strange(stats)}, which no backup holds`);
    let target: string | null = null;
    if (kind === "link") {
      const raw = readlinkSync(path, "buffer");
      if (!isUtf8(raw)) return skipped(place, "is a link to a name that is not valid UTF-8");
      target = raw.toString();
    }
    const facts = factsOf(stats);
    return { ...place, ...facts, kind, target, size: kind === "file" ? facts.size : 0 };
  } catch (error) {
    // Node spells what it cannot decode with this sign, and then there is no such name.
    if (place.path.includes("\uFFFD")) return skipped(place, "has a name that is not valid UTF-8: rename it");
    return skipped(place, whyNot(error, "it is not in the backup"));
  }
}

const kindOf = (stats: BigIntStats) =>
  stats.isFile() ? "file" : stats.isDirectory() ? "directory" : stats.isSymbolicLink() ? "link" : null;

const strange = (stats: BigIntStats) => (stats.isFIFO() ? "a named pipe" : stats.isSocket() ? "a socket" : "a device");

/** What an entry keeps of its stats. */
export const factsOf = (stats: BigIntStats) => ({
  size: Number(stats.size),
  mode: Number(stats.mode) & 0o7777,
  mtime: microsecondsOf(stats.mtimeNs),
  ctime: microsecondsOf(stats.ctimeNs),
  uid: Number(stats.uid),
  gid: Number(stats.gid),
  identity: `${stats.dev}:${stats.ino}`,
});

export const skipped = ({ root, path, at }: Place, problem: string): Skipped => ({ kind: "skipped", root, path, at, problem });

/** Why something could not be read, in words for the list of problems. */
export function whyNot(error: unknown, outcome: string): string {
  const code = error instanceof Error && "code" in error ? error.code : null;
  const why =
    code === "ENOENT" || code === "ENOTDIR"
      ? "vanished before it was read"
      : code === "EACCES" || code === "EPERM"
        ? "may not be read by this account"
        : code === "ELOOP"
          ? "was replaced by a link while it was read"
          : `could not be read (${messageOf(error)})`;
  return `${why}: ${outcome}`;
}
