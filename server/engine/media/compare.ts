import { createHash } from "node:crypto";
import { Failure } from "../../domain/errors.ts";
import type { ListedEntry, MediaContent } from "../content.ts";
import { letGo } from "../handed-over.ts";
import type { PartProgress } from "../part.ts";
import type { TarEntry } from "./untar.ts";

/** What a comparison of an archive with its list found. */
export interface ArchiveComparison {
  readonly filesChecked: number;
  /** A sentence for each difference, with the entry's name; empty when all is as it was. */
  readonly problems: readonly string[];
}

const mostProblems = 1000;

/**
 * Unpacks the archive as a stream, writing nothing, and compares every entry with the list beside it: what is missing,
 * what is too much, and what has another kind, size, target or content. Damage is a problem, not an error; a storage that
 * cannot be read is an error.
 */
export async function compareArchive(
  content: MediaContent,
  signal: AbortSignal,
  observe: (progress: PartProgress) => void,
): Promise<ArchiveComparison> {
  const differences = new Differences();
  let [filesChecked, bytes] = [0, 0];
  const expected = content.list?.(null, signal)[Symbol.asyncIterator]();
  try {
    for await (const entry of content.entries(null, signal)) {
      const found = await read(entry, (length) => {
        bytes += length;
        observe({ bytes, item: entry.name });
      });
      if (found.kind === "FILE") filesChecked += 1;
      if (!expected) continue;
      const step = await expected.next();
      differences.compare(step.done ? null : step.value, found);
    }
    for (let step = await expected?.next(); step && !step.done; step = await expected?.next()) differences.compare(step.value, null);
    differences.close();
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Failure) || !isDamage(error)) throw error;
    differences.tell(error.message);
  } finally {
    await expected?.return?.();
  }
  return { filesChecked, problems: differences.problems };
}

const isDamage = ({ code }: Failure) => code === "ARTIFACT_CORRUPT" || code === "ARTIFACT_UNSAFE";

/** Reads an entry to its end, in the form of the list. */
async function read(entry: TarEntry, count: (length: number) => void): Promise<ListedEntry> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const piece of entry.body) {
    hash.update(piece);
    size += piece.length;
    count(piece.length);
    letGo(piece);
  }
  const path = entry.name.replace(/^(?:\.\/)+|\/+$/g, "");
  if (entry.kind === "directory") return { path, kind: "DIRECTORY", size: 0 };
  if (entry.kind === "link") return { path, kind: "LINK", size: 0, target: entry.target };
  return { path, kind: "FILE", size, sha256: hash.digest("hex") };
}

/** Compares two lists in the same order; one that lacks something, or has more, goes on with the next. */
class Differences {
  readonly #told: string[] = [];
  /** Seen on one side only so far: few, unless the two have little in common. */
  readonly #missing = new Map<string, ListedEntry>();
  readonly #extra = new Map<string, ListedEntry>();
  #more = 0;

  get problems(): readonly string[] {
    return this.#more > 0 ? [...this.#told, `And ${this.#more} more like these.`] : this.#told;
  }

  compare(expected: ListedEntry | null, found: ListedEntry | null): void {
    if (expected && found && expected.path === found.path) {
      this.#both(expected, found);
      return;
    }
    if (expected && !this.#meet(this.#extra, expected.path, (other) => this.#both(expected, other)))
      this.#missing.set(expected.path, expected);
    if (found && !this.#meet(this.#missing, found.path, (other) => this.#both(other, found))) this.#extra.set(found.path, found);
  }

  close(): void {
    for (const path of this.#missing.keys()) this.tell(`${quoted(path)} is missing from the archive.`);
    for (const path of this.#extra.keys()) this.tell(`${quoted(path)} is in the archive, but not in its list.`);
  }

  tell(problem: string): void {
    if (this.#told.length < mostProblems) this.#told.push(problem);
    else this.#more += 1;
  }

  #meet(waiting: Map<string, ListedEntry>, path: string, met: (other: ListedEntry) => void): boolean {
    const other = waiting.get(path);
    if (other) met(other);
    return waiting.delete(path);
  }

  #both(expected: ListedEntry, found: ListedEntry): void {
    const name = quoted(found.path);
    if (expected.kind !== found.kind) this.tell(`${name} is a ${word(found)}, and was a ${word(expected)}.`);
    else if (expected.size !== found.size) this.tell(`${name} has ${found.size} bytes, and had ${expected.size}.`);
    else if (expected.sha256 !== found.sha256) this.tell(`${name} has another content than was stored.`);
    else if (expected.target !== found.target) this.tell(`${name} points elsewhere than it did.`);
  }
}

const quoted = (path: string) => JSON.stringify(path).slice(0, 500);
const word = ({ kind }: ListedEntry) => kind.toLowerCase();
