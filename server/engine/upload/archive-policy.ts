import { createHash } from "node:crypto";
import type { TarEntry } from "../media/untar.ts";
import { refusedEntry } from "./refused.ts";

const mostBytesOfName = 255;
const mostBytesOfPath = 4096;
const mostFolders = 100;

/** What an archive holds, counted. */
export interface ArchiveCount {
  files: number;
  directories: number;
  links: number;
  bytes: number;
  /** The names at its top. */
  readonly tops: Set<string>;
}

/**
 * The entries of a stranger's archive, each checked before anything of it is written: names stay inside and are each
 * other's no double, and there are files and folders only. Set-uid and its like are taken off. Throws Refused.
 */
export async function* checkedEntries(
  entries: AsyncIterable<TarEntry>,
  count: ArchiveCount,
  links: "refuse" | "keep",
): AsyncGenerator<TarEntry, void> {
  const [files, folders] = [new Set<string>(), new Set<string>()];
  for await (const entry of entries) {
    const steps = checkName(entry.name);
    const linked = entry.kind === "link" || entry.kind === "hardlink";
    if (linked && links === "refuse")
      throw refusedEntry(
        "UNSAFE_LINK",
        entry.name,
        `is a link to ${JSON.stringify(entry.target.slice(0, 200))}: links are not restored from uploads`,
      );
    const [top] = steps;
    // The archive's own top, as `tar -C folder .` writes it.
    if (top === undefined) {
      if (entry.kind === "directory") continue;
      throw refusedEntry("UNSAFE_PATH", entry.name, "is a file without a name");
    }
    checkPlace(entry, steps, files, folders);
    count.tops.add(top);
    if (entry.kind === "directory") count.directories += 1;
    else if (entry.kind === "link") count.links += 1;
    else count.files += 1;
    count.bytes += entry.size;
    yield { ...entry, name: steps.join("/"), mode: entry.mode & 0o777 };
  }
}

/** The steps of a name that stays inside. */
function checkName(name: string): string[] {
  const unsafe = (why: string) => refusedEntry("UNSAFE_PATH", name, why);
  if (name.startsWith("/")) throw unsafe("has an absolute name");
  if (/^[A-Za-z]:/.test(name)) throw unsafe("names a drive");
  if (name.includes("\\")) throw unsafe("has a backslash in its name");
  if (/[\0-\x1f\x7f]/.test(name)) throw unsafe("has a control character in its name");
  if (name.includes("\ufffd")) throw unsafe("has a name that is not UTF-8");
  const steps = name.split("/").filter((step) => step !== "" && step !== ".");
  if (steps.includes("..")) throw unsafe("leads out of its folder");
  if (steps.length > mostFolders) throw unsafe(`lies in more than ${mostFolders} folders`);
  if (Buffer.byteLength(name) > mostBytesOfPath || steps.some((step) => Buffer.byteLength(step) > mostBytesOfName))
    throw unsafe("has a longer name than file systems take");
  return steps;
}

/** Refuses what is there already, or is there but for case, accents' spelling, or a dot at its end. */
function checkPlace(entry: TarEntry, steps: readonly string[], files: Set<string>, folders: Set<string>): void {
  const twice = (why: string) => refusedEntry("DUPLICATE_ENTRY", entry.name, why);
  let path = "";
  for (const [index, step] of steps.entries()) {
    path += `/${folded(step)}`;
    const key = keyOf(path);
    const last = index === steps.length - 1;
    if (files.has(key)) throw twice(last ? "is there twice, or differs from another by case only" : "lies below a file");
    if (!last) folders.add(key);
    else if (entry.kind !== "directory") {
      if (folders.has(key)) throw twice("is there as a folder too");
      files.add(key);
    } else {
      const explicit = `${key}/`;
      if (folders.has(explicit)) throw twice("is there twice, or differs from another by case only");
      folders.add(key).add(explicit);
    }
  }
}

const folded = (step: string) =>
  step
    .normalize("NFC")
    .toLowerCase()
    .replace(/[. ]+$/, "");

/** Short, so that millions of names fit in memory. */
const keyOf = (path: string) => (path.length <= 16 ? path : createHash("sha256").update(path).digest("base64").slice(0, 16));
