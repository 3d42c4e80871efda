import { promisify } from "node:util";
import { gunzip, zstdDecompress } from "node:zlib";
import type { Compression } from "../../../shared/enums.ts";
import type { Artifact } from "../../domain/manifest.ts";
import { abortable } from "../abortable.ts";
import type { Storage } from "../storage/storage.ts";
import type { FrameSizes } from "./index-line.ts";
import { altered } from "./proved.ts";

const [fromZstd, fromGzip] = [promisify(zstdDecompress), promisify(gunzip)];

/** An archive of which any range can be read for the price of the frames that hold it. */
export class StoredFrames {
  readonly #open: (range: { start: number; end: number }) => Promise<AsyncIterable<Uint8Array>>;
  readonly #storedSize: () => Promise<number | null>;
  readonly #artifact: Artifact;
  readonly #compression: Compression;
  readonly #sizes: FrameSizes;
  /** Where each frame begins, stored and uncompressed, and where the last one ends. */
  readonly #stored: Float64Array;
  readonly #plain: Float64Array;

  constructor(storage: Storage, folder: string, artifact: Artifact, compression: Compression, frames: FrameSizes) {
    this.#open = (range) => storage.get(`${folder}/${artifact.name}`, range);
    this.#storedSize = () => storage.size(`${folder}/${artifact.name}`);
    [this.#artifact, this.#compression, this.#sizes] = [artifact, compression, frames];
    [this.#stored, this.#plain] = [new Float64Array(frames.length + 1), new Float64Array(frames.length + 1)];
    for (const [at, [stored, plain]] of frames.entries()) {
      this.#stored[at + 1] = (this.#stored[at] ?? 0) + stored;
      this.#plain[at + 1] = (this.#plain[at] ?? 0) + plain;
    }
    const { storedSize, size } = artifact;
    if (compression !== "NONE" && (this.#stored.at(-1) !== storedSize || this.#plain.at(-1) !== size))
      throw altered(artifact, "its frames in the index are not those of the manifest");
  }

  /** The uncompressed bytes from `from` to before `to`. What was altered or cut is ARTIFACT_CORRUPT. */
  async *read(from: number, to: number, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
    if (from >= to) return;
    // All that is known of it without reading it: what was cut or appended to is not trusted in part either.
    const size = await this.#storedSize();
    if (size !== null && size !== this.#artifact.storedSize)
      throw altered(this.#artifact, `it is ${size} bytes long instead of ${this.#artifact.storedSize}`);
    if (this.#compression === "NONE") return yield* this.#readPlain(from, to, signal);
    const [first, last] = [this.#frameOf(from), this.#frameOf(to - 1)];
    const range = { start: this.#stored[first] ?? 0, end: (this.#stored[last + 1] ?? 0) - 1 };
    const pieces = new Pieces(abortable(await this.#open(range), signal));
    try {
      for (let frame = first; frame <= last; frame += 1) {
        const begin = this.#plain[frame] ?? 0;
        const bytes = await this.#unpack(await pieces.take(this.#sizes[frame]?.[0] ?? 0), this.#sizes[frame]?.[1] ?? 0);
        yield bytes.subarray(Math.max(from - begin, 0), Math.min(to - begin, bytes.length));
      }
    } finally {
      await pieces.end();
    }
  }

  async *#readPlain(from: number, to: number, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
    let left = to - from;
    for await (const piece of abortable(await this.#open({ start: from, end: to - 1 }), signal)) {
      left -= piece.length;
      yield piece;
    }
    if (left !== 0) throw altered(this.#artifact, "it is cut off");
  }

  /** The frame that holds this byte. */
  #frameOf(byte: number): number {
    let [low, high] = [0, this.#sizes.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#plain[middle] ?? 0) <= byte) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  async #unpack(stored: Buffer | null, size: number): Promise<Buffer> {
    if (!stored) throw altered(this.#artifact, "it is cut off");
    const options = { maxOutputLength: size, chunkSize: Math.max(size, 1024) };
    const unpacked = await (this.#compression === "ZSTD" ? fromZstd(stored, options) : fromGzip(stored, options)).catch(
      (error: unknown) => {
        throw altered(this.#artifact, "a frame of it cannot be unpacked", error);
      },
    );
    if (unpacked.length !== size) throw altered(this.#artifact, "a frame of it has another size");
    return unpacked;
  }
}

/** Cuts a stream into pieces of given lengths. */
class Pieces {
  readonly #source: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The next so many bytes; null when there are fewer. */
  async take(length: number): Promise<Buffer | null> {
    const taken = Buffer.allocUnsafe(length);
    for (let filled = 0; ; ) {
      const some = this.#rest.subarray(0, length - filled);
      taken.set(some, filled);
      filled += some.length;
      this.#rest = this.#rest.subarray(some.length);
      if (filled === length) return taken;
      const step = await this.#source.next();
      if (step.done) return null;
      this.#rest = step.value;
    }
  }

  async end(): Promise<void> {
    await this.#source.return?.();
  }
}
