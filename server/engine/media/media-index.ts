import type { FrameSizes, IndexEntry } from "./index-line.ts";
import { damaged } from "./names.ts";

const kinds = ["FILE", "DIRECTORY", "LINK"] as const;
const none = -1;

/**
 * The index of an archive in little memory, made for a million entries: numbers in typed arrays, names in one buffer. An
 * entry is known by its position. A folder's content is the run of positions behind it up to `next`, since an archive
 * holds each folder before its content and nothing else in between.
 */
export class MediaIndex {
  readonly #capacity: number;
  readonly #kinds: Uint8Array;
  readonly #modes: Uint16Array;
  readonly #sizes: Float64Array;
  readonly #times: Float64Array;
  readonly #at: Float64Array;
  readonly #end: Float64Array;
  readonly #sums: Buffer;
  readonly #parents: Int32Array;
  readonly #next: Int32Array;
  /** Files and bytes before each position. */
  readonly #filesBefore: Int32Array;
  readonly #bytesBefore: Float64Array;
  readonly #nameEnds: Uint32Array;
  readonly #targets = new Map<number, string>();
  #names = Buffer.alloc(64 * 1024);
  #length = 0;
  /** The folders that the last entry lies in, the innermost at last, with their paths. */
  #open: { readonly position: number; readonly path: string }[] = [];
  frames: FrameSizes = [];

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#kinds = new Uint8Array(capacity);
    this.#modes = new Uint16Array(capacity);
    [this.#sizes, this.#times, this.#at, this.#end] = [0, 0, 0, 0].map(() => new Float64Array(capacity)) as [F64, F64, F64, F64];
    this.#sums = Buffer.alloc(capacity * 32);
    this.#parents = new Int32Array(capacity);
    this.#next = new Int32Array(capacity);
    this.#filesBefore = new Int32Array(capacity + 1);
    this.#bytesBefore = new Float64Array(capacity + 1);
    this.#nameEnds = new Uint32Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  add(entry: IndexEntry): void {
    const position = this.#length;
    if (position === this.#capacity) throw damaged("its index lists more than the manifest says");
    this.#leave(entry.path);
    const parent = this.#open.at(-1);
    const name = parent ? entry.path.slice(parent.path.length + 1) : entry.path;
    if (name === "" || name.includes("/")) throw damaged(`its index lists ${JSON.stringify(entry.path).slice(0, 500)} without its folder`);
    this.#length += 1;
    this.#addName(position, name);
    this.#kinds[position] = kinds.indexOf(entry.kind);
    this.#modes[position] = entry.mode;
    this.#sizes[position] = entry.size;
    this.#times[position] = entry.mtime;
    this.#at[position] = entry.at;
    this.#end[position] = entry.end;
    this.#parents[position] = parent?.position ?? none;
    this.#next[position] = position + 1;
    const isFile = entry.kind === "FILE";
    this.#filesBefore[position + 1] = (this.#filesBefore[position] ?? 0) + (isFile ? 1 : 0);
    this.#bytesBefore[position + 1] = (this.#bytesBefore[position] ?? 0) + (isFile ? entry.size : 0);
    if (entry.sha256) this.#sums.write(entry.sha256, position * 32, "hex");
    if (entry.target !== undefined) this.#targets.set(position, entry.target);
    if (entry.kind === "DIRECTORY") this.#open.push({ position, path: entry.path });
  }

  close(frames: FrameSizes): void {
    if (this.#length < this.#capacity) throw damaged("its index lists less than the manifest says");
    this.#leave("");
    this.frames = frames;
  }

  /** The folders in which `path` does not lie are complete. */
  #leave(path: string): void {
    for (let last = this.#open.at(-1); last && !(path.startsWith(last.path) && path[last.path.length] === "/"); last = this.#open.at(-1)) {
      this.#next[last.position] = this.#length;
      this.#open.pop();
    }
  }

  #addName(position: number, name: string): void {
    const [from, length] = [this.#nameFrom(position), Buffer.byteLength(name)];
    if (from + length > this.#names.length) {
      const larger = Buffer.alloc(Math.max(this.#names.length * 2, from + length));
      this.#names.copy(larger, 0, 0, from);
      this.#names = larger;
    }
    this.#names.write(name, from);
    this.#nameEnds[position] = from + length;
  }

  readonly #nameFrom = (position: number) => (position === 0 ? 0 : (this.#nameEnds[position - 1] ?? 0));

  name(position: number): string {
    return this.#names.toString("utf8", this.#nameFrom(position), this.#nameEnds[position]);
  }

  path(position: number): string {
    const parent = this.parent(position);
    return parent === null ? this.name(position) : `${this.path(parent)}/${this.name(position)}`;
  }

  parent(position: number): number | null {
    const parent = this.#parents[position] ?? none;
    return parent === none ? null : parent;
  }

  kind(position: number): IndexEntry["kind"] {
    return kinds[this.#kinds[position] ?? 0] ?? "FILE";
  }

  /** Behind the last entry below this one. */
  next(position: number): number {
    return this.#next[position] ?? this.#length;
  }

  entry(position: number): IndexEntry {
    const kind = this.kind(position);
    const target = this.#targets.get(position);
    return {
      path: this.path(position),
      kind,
      size: this.#sizes[position] ?? 0,
      mtime: this.#times[position] ?? 0,
      mode: this.#modes[position] ?? 0,
      ...(target === undefined ? {} : { target }),
      ...(kind === "FILE" ? { sha256: this.#sums.toString("hex", position * 32, position * 32 + 32) } : {}),
      at: this.#at[position] ?? 0,
      end: this.#end[position] ?? 0,
    };
  }

  /** Files from one position to before another, and their bytes. */
  within(from: number, to: number): { readonly files: number; readonly bytes: number } {
    const difference = (sums: Int32Array | Float64Array) => (sums[to] ?? 0) - (sums[from] ?? 0);
    return { files: difference(this.#filesBefore), bytes: difference(this.#bytesBefore) };
  }

  /** The positions right below a folder, or at the top. */
  *children(folder: number | null): Generator<number, void> {
    const end = folder === null ? this.#length : this.next(folder);
    for (let position = folder === null ? 0 : folder + 1; position < end; position = this.next(position)) yield position;
  }

  /** The position of a path; null when nothing has it. */
  find(path: string): number | null {
    let found: number | null = null;
    let from = 0;
    while (from <= path.length) {
      // The roots' prefixes hold no slash, and no other name does.
      const slash = path.indexOf("/", from);
      const name = Buffer.from(path.slice(from, slash < 0 ? undefined : slash));
      found = this.#childNamed(found, name);
      if (found === null || slash < 0) return found;
      from = slash + 1;
    }
    return null;
  }

  #childNamed(folder: number | null, name: Buffer): number | null {
    for (const child of this.children(folder))
      if (name.compare(this.#names, this.#nameFrom(child), this.#nameEnds[child]) === 0) return child;
    return null;
  }
}

type F64 = Float64Array<ArrayBuffer>;
