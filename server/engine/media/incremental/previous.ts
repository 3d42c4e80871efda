import { ChunkTable } from "./chunk-table.ts";
import { unpackedFile } from "./list-codec.ts";
import type { ListEntry } from "./list-entry.ts";
import { ListReader, listBlocks } from "./list-reader.ts";
import type { IncrementalJob } from "./messages.ts";

/** Of a pack that is less alive than this nothing is used again: so it goes with the backups that need it. */
const leastAlive = 0.3;

/** What an earlier backup holds. */
export interface Previous {
  /** Its chunks, by the numbers of its list; new ones may be added. */
  readonly chunks: ChunkTable;
  readonly packs: number;
  readonly isUsable: (pack: number) => boolean;
  readonly entries: PreviousEntries;
}

/** An earlier backup of nothing. */
const nothing = (): Previous => ({
  chunks: new ChunkTable(),
  packs: 0,
  isUsable: () => true,
  entries: new PreviousEntries(null, []),
});

/** Entries of a list up to which it is read only once: they take about thirty megabytes of memory. */
const mostKept = 100_000;

/** Reads the list that is open as `fd`. The entries of a long one are read once more, beside the walk, instead of being kept. */
export async function openPrevious(job: IncrementalJob["previous"], fd: number, prefixes: readonly string[]): Promise<Previous> {
  if (!job) return nothing();
  const reader = new ListReader(job.packSizes, { sums: false });
  let [kept, count]: [ListEntry[][], number] = [[], 0];
  for await (const block of listBlocks(unpackedFile(job.compression, fd))) {
    const entries = reader.read(block);
    count += entries.length;
    if (count <= mostKept) kept.push(entries);
    else kept = [];
  }
  const { chunks } = reader;
  const alive = new Float64Array(job.packSizes.length);
  for (let number = 0; number < chunks.length; number += 1) {
    const pack = chunks.pack(number);
    alive[pack] = (alive[pack] ?? 0) + chunks.storedSize(number);
  }
  const usable = job.packSizes.map((size, pack) => (alive[pack] ?? 0) >= size * leastAlive);
  return {
    chunks,
    packs: usable.length,
    isUsable: (pack) => usable[pack] ?? true,
    entries: new PreviousEntries(count <= mostKept ? oneByOne(kept) : entriesOf(job, fd), prefixes),
  };
}

async function* oneByOne(blocks: ListEntry[][]): AsyncGenerator<ListEntry[], void> {
  for (let block = blocks.shift(); block; block = blocks.shift()) yield block;
}

async function* entriesOf(job: NonNullable<IncrementalJob["previous"]>, fd: number): AsyncGenerator<ListEntry[], void> {
  const reader = new ListReader(job.packSizes, { sums: false });
  for await (const block of listBlocks(unpackedFile(job.compression, fd))) yield reader.read(block);
}

/** Told by `match` when the answer needs more of the list. */
export const more = Symbol("more");

/** Meets the entries of a list with those of a walk, both in the walk's order, a block of the list in memory at a time. */
export class PreviousEntries {
  readonly #blocks: AsyncGenerator<ListEntry[], void> | null;
  readonly #prefixes: readonly string[];
  #entries: readonly ListEntry[] = [];
  #at = 0;
  #ended: boolean;

  constructor(blocks: AsyncGenerator<ListEntry[], void> | null, prefixes: readonly string[]) {
    [this.#blocks, this.#prefixes, this.#ended] = [blocks, prefixes, blocks === null];
  }

  /** The entry of this path; null when there is none; `more`: call `load` and ask again. Paths have to come in the walk's order. */
  match(path: string): ListEntry | null | typeof more {
    for (; this.#at < this.#entries.length; this.#at += 1) {
      const entry = this.#entries[this.#at];
      if (entry?.path === path) {
        this.#at += 1;
        return entry;
      }
      if (entry && this.#isBehind(entry.path, path)) return null;
    }
    return this.#ended ? null : more;
  }

  async load(): Promise<void> {
    const step = await this.#blocks?.next();
    [this.#entries, this.#at, this.#ended] = [step?.value ?? [], 0, step?.done ?? true];
  }

  /** Whether the walk comes to `path` before it comes to `listed`. */
  #isBehind(listed: string, path: string): boolean {
    const [one, other] = [this.#rootOf(listed), this.#rootOf(path)];
    // Of a folder that is not backed up any more.
    if (one < 0) return false;
    return one === other ? compareWalked(listed, path) > 0 : one > other;
  }

  #rootOf(path: string): number {
    const slash = path.indexOf("/");
    return this.#prefixes.indexOf(slash < 0 ? path : path.slice(0, slash));
  }
}

/** The walk's order: by names, folder by folder, so that a slash comes before all else. */
function compareWalked(one: string, other: string): number {
  const most = Math.min(one.length, other.length);
  for (let at = 0; at < most; at += 1) {
    const [a, b] = [one.charCodeAt(at), other.charCodeAt(at)];
    if (a !== b) return a === slash ? -1 : b === slash ? 1 : a - b;
  }
  return one.length - other.length;
}
const slash = 47;
