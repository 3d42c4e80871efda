import { promisify } from "node:util";
import { gunzip, zstdDecompress } from "node:zlib";
import type { Compression } from "../../../shared/enums.ts";
import type { Artifact } from "../../domain/manifest.ts";
import { abortable } from "../abortable.ts";
import { handOn, handOver, letGo } from "../handed-over.ts";
import { freeMemory, isAlone } from "../memory.ts";
import { readAhead } from "../read-ahead.ts";
import type { Storage } from "../storage/storage.ts";
import type { FrameSizes } from "./index-line.ts";
import { altered, readProved } from "./proved.ts";

const [fromZstd, fromGzip] = [promisify(zstdDecompress), promisify(gunzip)];

/** An archive of which any range can be read for the price of the frames that hold it. */
export class StoredFrames {
  readonly #storage: Storage;
  readonly #folder: string;
  readonly #artifact: Artifact;
  readonly #compression: Compression;
  readonly #sizes: FrameSizes;
  /** Where each frame begins, stored and uncompressed, and where the last one ends. */
  readonly #stored: Float64Array;
  readonly #plain: Float64Array;

  constructor(storage: Storage, folder: string, artifact: Artifact, compression: Compression, frames: FrameSizes) {
    [this.#storage, this.#folder] = [storage, folder];
    [this.#artifact, this.#compression, this.#sizes] = [artifact, compression, frames];
    [this.#stored, this.#plain] = [new Float64Array(frames.length + 1), new Float64Array(frames.length + 1)];
    for (const [at, [stored, plain]] of frames.entries()) {
      this.#stored[at + 1] = (this.#stored[at] ?? 0) + stored;
      this.#plain[at + 1] = (this.#plain[at] ?? 0) + plain;
    }
    if (compression !== "NONE" && !areFramesOf(artifact, frames))
      throw altered(artifact, "its frames in the index are not those of the manifest");
  }

  /** All of the uncompressed bytes; the last of them come only when all that is stored is proved by its checksum. */
  all(signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
    return this.#unpacked(readProved(this.#storage, this.#folder, this.#artifact, signal), 0, this.#sizes.length - 1);
  }

  /** The uncompressed bytes from `from` to before `to`. What was altered or cut is ARTIFACT_CORRUPT. */
  async *read(from: number, to: number, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
    if (from >= to) return;
    // All that is known of it without reading it: what was cut or appended to is not trusted in part either.
    const size = await this.#storage.size(this.#name);
    if (size !== null && size !== this.#artifact.storedSize)
      throw altered(this.#artifact, `it is ${size} bytes long instead of ${this.#artifact.storedSize}`);
    if (this.#compression === "NONE") return yield* this.#readPlain(from, to, signal);
    const [first, last] = [this.#frameOf(from), this.#frameOf(to - 1)];
    const range = { start: this.#stored[first] ?? 0, end: (this.#stored[last + 1] ?? 0) - 1 };
    let begin = this.#plain[first] ?? 0;
    for await (const bytes of this.#unpacked(abortable(await this.#storage.get(this.#name, range), signal), first, last)) {
      const wanted = bytes.subarray(Math.max(from - begin, 0), to - begin);
      begin += bytes.length;
      handOn(bytes, wanted);
      yield wanted;
    }
  }

  async *#readPlain(from: number, to: number, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
    let left = to - from;
    for await (const piece of abortable(await this.#storage.get(this.#name, { start: from, end: to - 1 }), signal)) {
      left -= piece.length;
      yield piece;
    }
    if (left !== 0) throw altered(this.#artifact, "it is cut off");
  }

  get #name(): string {
    return `${this.#folder}/${this.#artifact.name}`;
  }

  /** These frames out of what is stored of them alone, some unpacked side by side in libuv's pool. */
  async *#unpacked(stored: AsyncIterable<Uint8Array>, first: number, last: number): AsyncGenerator<Buffer, void> {
    const sizes = this.#sizes.slice(first, last + 1);
    const largest = sizes.reduce((most, [stored, plain]) => Math.max(most, stored, plain), 1);
    const atOnce = Math.max(1, Math.min(mostAtOnce, Math.floor(mostBytes / largest)));
    yield* readAhead(framesOf(stored, sizes), atOnce, ({ bytes, size }) => this.#unpack(bytes, size));
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
    // With no room behind, zlib would ask for as much again.
    const options = { maxOutputLength: size, chunkSize: size + 1024 };
    const unpacked = await (this.#compression === "ZSTD" ? fromZstd(stored, options) : fromGzip(stored, options)).catch(
      (error: unknown) => {
        throw altered(this.#artifact, "a frame of it cannot be unpacked", error);
      },
    );
    freeMemory(stored);
    if (unpacked.length !== size) throw altered(this.#artifact, "a frame of it has another size");
    return isAlone(unpacked) ? handOver(unpacked) : unpacked;
  }
}

/** Whether an archive is as long as these frames are, stored and uncompressed. */
export function areFramesOf({ storedSize, size }: Artifact, frames: FrameSizes): boolean {
  const [stored, plain] = [0, 1].map((which) => frames.reduce((sum, sizes) => sum + (sizes[which] ?? 0), 0));
  return stored === storedSize && plain === size;
}

/** Enough for two cores; fewer where they are large. */
const mostAtOnce = 3;
const mostBytes = 16 * 1024 * 1024;

interface StoredFrame {
  /** Null where they end before. */
  readonly bytes: Buffer | null;
  /** Uncompressed. */
  readonly size: number;
}

/** Cuts a stream into frames; reads it to its end, where whoever gives it may say that it was not the right one. */
async function* framesOf(source: AsyncIterable<Uint8Array>, sizes: FrameSizes): AsyncGenerator<StoredFrame, void> {
  let [frame, filled] = [Buffer.allocUnsafeSlow(sizes[0]?.[0] ?? 0), 0];
  let next = 0;
  for await (const piece of source) {
    for (let at = 0; at < piece.length && next < sizes.length; ) {
      const some = piece.subarray(at, at + frame.length - filled);
      frame.set(some, filled);
      [at, filled] = [at + some.length, filled + some.length];
      if (filled < frame.length) continue;
      yield { bytes: frame, size: sizes[next]?.[1] ?? 0 };
      next += 1;
      [frame, filled] = [Buffer.allocUnsafeSlow(sizes[next]?.[0] ?? 0), 0];
    }
    letGo(piece);
  }
  if (next < sizes.length) yield { bytes: null, size: 0 };
}
