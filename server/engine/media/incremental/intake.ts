import type { RateLimiter } from "../../rate.ts";
import type { Entry } from "../entry.ts";
import type { Tally } from "../tally.ts";
import { FileChunks } from "./file-chunks.ts";
import type { ListEntry } from "./list-entry.ts";
import type { ListWriter } from "./list-writer.ts";
import type { Packer } from "./packer.ts";
import { more, type Previous } from "./previous.ts";
import { entryOf, isUnchanged, pathOf, stampOf } from "./walked.ts";

interface Options {
  /** The folder of the list for each root. */
  readonly prefixes: readonly string[];
  readonly previous: Previous;
  readonly packer: Packer;
  readonly list: ListWriter;
  readonly tally: Tally;
  readonly limiter: RateLimiter;
  /** Called now and then while a large file is read. */
  readonly tell: () => void;
}

/** Takes in what a walk finds, in its order: chunks go to the packer, entries to the list once all of their chunks have a place. */
export class Intake {
  readonly #options: Options;
  readonly #files: FileChunks;
  readonly #waiting: ListEntry[] = [];
  #unchanged = 0;
  #reading = 0;

  constructor(options: Options) {
    this.#options = options;
    const { packer, limiter, tell } = options;
    this.#files = new FileChunks({
      add: (bytes, sum) => {
        this.#reading += bytes.length;
        return packer.add(bytes, sum);
      },
      async ready(bytes) {
        if (packer.needsRoom) await packer.room();
        await limiter.take(bytes);
        tell();
      },
    });
  }

  /** Files that were taken over from the earlier backup without being opened. */
  get unchanged(): number {
    return this.#unchanged;
  }

  /** Bytes of the tar that is being told of, as far as it is. */
  get bytes(): number {
    return this.#options.list.totals.tarSize + this.#reading;
  }

  add(found: Entry): Promise<void> | void {
    if (found.kind === "file") return this.#addFile(found);
    this.#list(entryOf(found, pathOf(found, this.#options.prefixes)));
  }

  async end(): Promise<void> {
    await this.#options.packer.end();
    this.#flush();
    if (this.#waiting.length > 0) throw new Error(`${this.#waiting.length} entries lack their chunks`);
  }

  /** A promise only where it has to wait: there may be a million files that are unchanged. */
  #addFile(found: Entry): Promise<void> | void {
    const path = pathOf(found, this.#options.prefixes);
    const before = this.#options.previous.entries.match(path);
    if (before === more) return this.#options.previous.entries.load().then(() => this.#addFile(found));
    if (!before || !this.#isKept(found, before)) return this.#readFile(found, path);
    this.#unchanged += 1;
    const isSame = before.mode === found.mode && before.uid === found.uid && before.gid === found.gid;
    this.#list(isSame ? before : { ...entryOf(found, path), stamp: before.stamp, pieces: before.pieces, sum: before.sum });
  }

  #isKept(found: Entry, before: ListEntry): boolean {
    const { chunks, isUsable } = this.#options.previous;
    return isUnchanged(found, before) && before.pieces.every((piece) => isUsable(chunks.pack(piece)));
  }

  async #readFile(found: Entry, path: string): Promise<void> {
    const { limiter, tally } = this.#options;
    // A large one takes its turns by itself.
    if (found.size <= FileChunks.smallFile) await limiter.take(found.size);
    const [began, answer] = [Date.now(), this.#files.read(found)];
    const file = answer instanceof Promise ? await answer : answer;
    this.#reading = 0;
    if (file.problem !== null) tally.problem(found.at, file.problem);
    if ("entry" in file) this.#list({ ...entryOf(file.entry, path), stamp: stampOf(file, began), pieces: file.pieces, sum: file.sum });
  }

  #list(entry: ListEntry): void {
    const { kind, path } = entry;
    this.#options.tally.count(kind === "FILE" ? "file" : kind === "LINK" ? "link" : "directory", path);
    this.#waiting.push(entry);
    this.#flush();
  }

  #flush(): void {
    const { packer, list } = this.#options;
    for (let entry = this.#waiting[0]; entry?.pieces.every((piece) => packer.isPlaced(piece)); entry = this.#waiting[0]) {
      list.add(entry);
      this.#waiting.shift();
    }
  }
}
