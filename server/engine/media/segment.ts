import { createHash, hash } from "node:crypto";
import { closeSync } from "node:fs";
import { type Content, mostGrown, openContent, readPieces, readWhole } from "./content.ts";
import type { Entry, Skipped } from "./entry.ts";
import { whyNot } from "./folder.ts";
import { padded, tarHeader } from "./header.ts";
import type { IndexEntry } from "./index-line.ts";

/** A stretch of the archive, and what is told of the entries that end in it. */
export interface Segment {
  readonly bytes: Buffer;
  /** Their places count from the first byte of the run of entries that they are of. */
  readonly entries: readonly IndexEntry[];
  readonly problems: readonly Problem[];
}

interface Problem {
  readonly path: string;
  readonly problem: string;
}

/** Files up to this are read whole before anything of them is in the archive. */
export const smallFile = 1024 * 1024;

/** Makes the archive of a run of entries, a stretch at a time; files are read right into the place that they have in there. */
export class Segments {
  readonly #prefixes: readonly string[];
  readonly #room: () => Promise<Buffer>;
  #bytes: Buffer = Buffer.alloc(0);
  #filled = 0;
  #before = 0;
  #entries: IndexEntry[] = [];
  #problems: Problem[] = [];

  /** `room` gives memory for each next stretch, a multiple of 512 bytes and 2 MiB at least; a segment takes it with it. */
  constructor(prefixes: readonly string[], room: () => Promise<Buffer>) {
    [this.#prefixes, this.#room] = [prefixes, room];
  }

  async *of(found: readonly (Entry | Skipped)[]): AsyncGenerator<Segment, void> {
    this.#bytes = await this.#room();
    for (const item of found) {
      if (item.kind === "skipped") this.#told(item, item.problem);
      else if (item.kind === "file") yield* this.#file(item);
      else {
        const header = this.#header(item);
        if (!this.#fits(header.length)) yield* this.#next();
        this.#entries.push(this.#begin(item, header));
      }
    }
    yield this.#take();
    this.#before = 0;
  }

  async *#file(item: Entry): AsyncGenerator<Segment, void> {
    const content = openContent(item);
    if ("problem" in content) return this.#told(item, content.problem);
    try {
      const header = this.#header(content.entry);
      const { size } = content.entry;
      // What it holds may take longer to tell than it took when it was opened.
      if (!this.#fits(header.length + slack + (size > smallFile ? 0 : padded(mostGrown(size))))) yield* this.#next();
      if (size > smallFile) yield* this.#large(content, header);
      else this.#whole(content, header);
    } finally {
      closeSync(content.fd);
    }
  }

  /** Its header's length may change with what it is when it was read. */
  #whole(content: Content, header: Buffer): void {
    const place = this.#filled + header.length;
    let read: ReturnType<typeof readWhole>;
    try {
      read = readWhole(content, ({ size }) => this.#bytes.subarray(place, place + size));
    } catch (error) {
      this.#told(content.entry, whyNot(error, "it is not in the backup"));
      return;
    }
    const { entry, problem } = read;
    const right = entry === content.entry ? header : this.#header(entry);
    if (right.length !== header.length) this.#bytes.copyWithin(this.#filled + right.length, place, place + entry.size);
    const line = this.#begin(entry, right);
    const sha256 = hash("sha256", this.#bytes.subarray(this.#filled, this.#filled + entry.size));
    this.#filled += entry.size;
    this.#pad(entry.size);
    this.#entries.push({ ...line, sha256 });
    if (problem) this.#told(entry, problem);
  }

  async *#large(content: Content, header: Buffer): AsyncGenerator<Segment, void> {
    const { entry } = content;
    const line = this.#begin(entry, header);
    const sum = createHash("sha256");
    const room = () => this.#bytes.subarray(this.#filled);
    for (const piece of readPieces(content, room, (problem) => this.#told(entry, problem))) {
      sum.update(piece);
      this.#filled += piece.length;
      if (this.#filled === this.#bytes.length) yield* this.#next();
    }
    this.#pad(entry.size);
    this.#entries.push({ ...line, sha256: sum.digest("hex") });
  }

  readonly #header = (entry: Entry) => tarHeader(entry, this.#prefixes[entry.root] ?? "");
  readonly #fits = (bytes: number) => this.#filled + bytes <= this.#bytes.length;
  readonly #told = ({ at }: Entry | Skipped, problem: string) => void this.#problems.push({ path: at, problem });

  /** Puts the header of an entry into the archive; its line in the index, for a file still without the checksum. */
  #begin(entry: Entry, header: Buffer): IndexEntry {
    const at = this.#before + this.#filled;
    header.copy(this.#bytes, this.#filled);
    this.#filled += header.length;
    return lineOf(entry, this.#prefixes[entry.root] ?? "", at, at + header.length + padded(entry.size));
  }

  #pad(size: number): void {
    const end = this.#filled + padded(size) - size;
    this.#bytes.fill(0, this.#filled, end);
    this.#filled = end;
  }

  async *#next(): AsyncGenerator<Segment, void> {
    yield this.#take();
    this.#bytes = await this.#room();
  }

  #take(): Segment {
    const taken = { bytes: this.#bytes.subarray(0, this.#filled), entries: this.#entries, problems: this.#problems };
    [this.#before, this.#filled, this.#entries, this.#problems] = [this.#before + this.#filled, 0, [], []];
    return taken;
  }
}

/** A further block of a pax header. */
const slack = 512;

const lineOf = ({ path, kind, size, mtime, mode, target }: Entry, prefix: string, at: number, end: number): IndexEntry => ({
  path: path ? `${prefix}/${path}` : prefix,
  kind: kinds[kind],
  size,
  mtime: mtime / 1000,
  mode,
  ...(target === null ? {} : { target }),
  at,
  end,
});

const kinds = { file: "FILE", directory: "DIRECTORY", link: "LINK" } as const;
