import { createHash, type Hash } from "node:crypto";

/** A piece of a file, whole in memory, with what proves that it arrived. */
export interface Part {
  readonly number: number;
  readonly bytes: Uint8Array;
  readonly sha256: string;
  readonly md5: string;
  /** Nothing follows it. */
  readonly last: boolean;
}

const mebi = 1024 ** 2;
export const mostParts = 10_000;

/** How many bytes the part of this number takes. */
export type PartSizes = (number: number) => number;

/** The sizes of the parts of a file of which so many bytes are expected; null: nobody knows. */
export type PartSizesFor = (expected: number | null) => PartSizes;

/** Parts of one size that an expected file takes; the rest of what S3 takes is for one that was expected to be smaller. */
const expectedParts = 8000;
const smallest = 16 * mebi;

/**
 * A file of unknown length must be able to grow to the 5 TiB that S3 stores in the 10,000 parts that it takes: its parts have 16 MiB
 * up to 31 GiB, and from there each is a little larger than the one before. Where it is known what to expect, all parts have
 * the size that this asks for, and so the memory stays the same; only a file that turns out longer grows, and then faster.
 */
export const growingParts: PartSizesFor = (expected) => {
  if (expected === null) return (number) => smallest + Math.max(0, number - 2000) * 0.16 * mebi;
  const even = Math.max(smallest, Math.ceil(expected / expectedParts / mebi) * mebi);
  return (number) => even + Math.max(0, number - expectedParts) * 2.7 * mebi;
};

/** For servers that want parts of one size, as Cloudflare's does: 625 GiB in all, or more where more is expected. */
export const evenParts: PartSizesFor = (expected) => {
  const even = Math.max(64 * mebi, Math.ceil((expected ?? 0) / expectedParts / mebi) * mebi);
  return () => even;
};

/** Buffers that are used again: a part's memory is taken once, not once a part. */
export interface Buffers {
  take(): Buffer;
  give(buffer: Buffer): void;
}

/** At most as many as are in use at once, and each only as large as what it held. */
export function reusedBuffers(): Buffers {
  const free: Buffer[] = [];
  return {
    take: () => free.pop() ?? Buffer.allocUnsafeSlow(64 * 1024),
    give: (buffer) => void free.push(buffer),
  };
}

/** A part and the buffer that it lies in, to be given back when it has been sent. */
export interface HeldPart extends Part {
  readonly buffer: Buffer;
}

/** Cuts a stream into parts, copied out of its chunks, as a source may use those again. The last part may be empty. */
export async function* partsOf(source: AsyncIterable<Uint8Array>, sizes: PartSizes, buffers: Buffers): AsyncGenerator<HeldPart> {
  let number = 1;
  let filling = begin(buffers);
  for await (const chunk of source)
    for (let offset = 0; offset < chunk.length; ) {
      const size = Math.ceil(sizes(number));
      const piece = chunk.subarray(offset, offset + size - filling.length);
      add(filling, piece, size);
      offset += piece.length;
      if (filling.length < size) continue;
      yield finish(filling, number, false);
      number += 1;
      filling = begin(buffers);
    }
  yield finish(filling, number, true);
}

interface Filling {
  buffer: Buffer;
  length: number;
  readonly sha256: Hash;
  readonly md5: Hash;
}

const begin = (buffers: Buffers): Filling => ({ buffer: buffers.take(), length: 0, sha256: createHash("sha256"), md5: createHash("md5") });

function add(filling: Filling, piece: Uint8Array, most: number): void {
  const needed = filling.length + piece.length;
  if (needed > filling.buffer.length) {
    const larger = Buffer.allocUnsafeSlow(Math.min(most, Math.max(needed, filling.buffer.length * 4)));
    filling.buffer.copy(larger, 0, 0, filling.length);
    filling.buffer = larger;
  }
  filling.buffer.set(piece, filling.length);
  filling.length = needed;
  filling.sha256.update(piece);
  filling.md5.update(piece);
}

const finish = ({ buffer, length, sha256, md5 }: Filling, number: number, last: boolean): HeldPart => ({
  number,
  buffer,
  bytes: buffer.subarray(0, length),
  sha256: sha256.digest("hex"),
  md5: md5.digest("hex"),
  last,
});
