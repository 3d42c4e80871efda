import { damaged } from "../names.ts";
import { type ChunkMethod, ChunkTable } from "./chunk-table.ts";
import { blockHeadBytes, blockMark, emptySum, type ListEntry, type ListTotals, listKinds, packMark } from "./list-entry.ts";
import { NumberReader } from "./numbers.ts";

const largestBlock = 1024 * 1024 * 1024;
/** No chunk is as long as this. */
const mostOfChunk = 64 * 1024 * 1024;

/** The blocks of a list, each whole. A list that was cut or that goes on behind its end is ARTIFACT_CORRUPT. */
export async function* listBlocks(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void> {
  let held: Buffer = Buffer.alloc(0);
  let ended = false;
  for await (const piece of bytes) {
    held = held.length > 0 ? Buffer.concat([held, piece]) : Buffer.from(piece.buffer, piece.byteOffset, piece.length);
    // A large block is put together once, not with every piece.
    for (let size = blockSize(held); size !== null && held.length >= size; size = blockSize(held)) {
      if (ended) throw damaged("its list goes on behind its end");
      const block = held.subarray(0, size);
      ended = block.readUInt32LE(4) === 0;
      yield block;
      held = held.subarray(size);
    }
  }
  if (held.length > 0 || !ended) throw damaged("its list ends before its end");
}

/** The length of the block that begins here; null when its head is not all there. */
function blockSize(bytes: Buffer): number | null {
  if (bytes.length < blockHeadBytes) return null;
  if (!bytes.subarray(0, 4).equals(blockMark)) throw damaged("its list holds a block that is none");
  const size = blockHeadBytes + bytes.readUInt32LE(8) + bytes.readUInt32LE(12) + bytes.readUInt32LE(16);
  if (size > largestBlock) throw damaged("its list holds a block that is none");
  return size;
}

/**
 * Reads the blocks of one list in their order. Chunks that a block names for the first time go into `chunks`; entries know
 * them by their numbers there.
 */
export class ListReader {
  readonly chunks = new ChunkTable();
  readonly #packSizes: readonly number[];
  #totals: ListTotals | null = null;
  /** Of the entry that is read; it grows with the longest. */
  #path = Buffer.alloc(8 * 1024);
  readonly #counts = { FILE: 0, DIRECTORY: 0, LINK: 0 };

  readonly #sums: boolean;

  /**
   * `packSizes`: of the packs that the manifest names, inside their encryption. Without `sums`, files of one chunk come
   * without theirs, which is the chunk's: most files are such.
   */
  constructor(packSizes: readonly number[], { sums }: { readonly sums: boolean } = { sums: true }) {
    [this.#packSizes, this.#sums] = [packSizes, sums];
  }

  /** What the last block says; null before it was read. */
  get totals(): ListTotals | null {
    return this.#totals;
  }

  read(block: Buffer): ListEntry[] {
    const [count, numbersLength, textsLength] = [4, 8, 12].map((at) => block.readUInt32LE(at)) as [number, number, number];
    const [texts, sums] = [blockHeadBytes + numbersLength, blockHeadBytes + numbersLength + textsLength];
    const numbers = new NumberReader(block.subarray(blockHeadBytes, texts));
    if (count === 0) {
      this.#readTotals(numbers);
      return [];
    }
    const reading = {
      numbers,
      block,
      text: texts,
      textEnd: sums,
      sum: sums,
      path: this.#path,
      pathLength: 0,
      mtime: 0,
      inode: 0,
      ctime: 0,
      pack: 0,
      end: packMark.length,
    };
    const entries: ListEntry[] = [];
    for (let index = 0; index < count; index += 1) entries.push(this.#readEntry(reading));
    if (numbers.left > 0 || reading.text !== sums || reading.sum !== block.length)
      throw damaged("its list holds a block of another length");
    return entries;
  }

  #readTotals(numbers: NumberReader): void {
    const [files, directories, links, chunks, tarSize] = [0, 0, 0, 0, 0].map(() => numbers.take()) as [
      number,
      number,
      number,
      number,
      number,
    ];
    const { FILE, DIRECTORY, LINK } = this.#counts;
    if (files !== FILE || directories !== DIRECTORY || links !== LINK || chunks !== this.chunks.length || numbers.left > 0)
      throw damaged("its list holds another number of entries than it says");
    this.#totals = { files, directories, links, chunks, tarSize };
  }

  #readEntry(reading: Reading): ListEntry {
    const { numbers } = reading;
    const kind = listKinds[numbers.take()];
    const shared = numbers.take();
    const rest = numbers.take();
    const name = textAt(reading, rest);
    if (!kind || shared > reading.pathLength) throw damaged("its list holds an entry that is none");
    reading.pathLength = shared + rest;
    if (reading.pathLength > reading.path.length) reading.path = this.#path = Buffer.concat([reading.path], 2 * reading.pathLength);
    reading.block.copy(reading.path, shared, name, name + rest);
    const [mode, uid, gid] = [numbers.take(), numbers.take(), numbers.take()];
    reading.mtime += numbers.takeSigned();
    this.#counts[kind] += 1;
    const path = reading.path.toString("utf8", 0, reading.pathLength);
    if (path === "" || mode > 0o7777) throw damaged("its list holds an entry that is none");
    const entry = { path, kind, mode, uid, gid, mtime: reading.mtime };
    if (kind === "FILE") return { ...entry, target: null, ...this.#readContent(reading) };
    const target = kind === "LINK" ? this.#readTarget(reading) : null;
    return { ...entry, size: 0, target, stamp: null, pieces: [], sum: null };
  }

  #readTarget(reading: Reading): string {
    const length = reading.numbers.take();
    const from = textAt(reading, length);
    return reading.block.toString("utf8", from, from + length);
  }

  #readContent(reading: Reading) {
    const { numbers } = reading;
    const size = numbers.take();
    const stamp = numbers.take() === 0 ? null : this.#readStamp(reading);
    const pieces: number[] = [];
    let rest = size;
    for (let left = numbers.take(); left > 0; left -= 1) {
      const piece = this.#readPiece(reading, left === 1 ? rest : null);
      pieces.push(piece);
      rest -= this.chunks.size(piece);
    }
    if (rest !== 0) throw damaged("its list holds a file whose chunks are not as long as it is");
    const [first] = pieces;
    const sum = first === undefined ? emptySum : pieces.length === 1 ? this.#sumOfOne(first) : sumOf(reading);
    return { size, stamp, pieces, sum };
  }

  #sumOfOne(piece: number): Buffer | null {
    return this.#sums ? Buffer.from(this.chunks.sum(piece)) : null;
  }

  #readStamp(reading: Reading) {
    reading.inode += reading.numbers.takeSigned();
    reading.ctime += reading.numbers.takeSigned();
    return { inode: reading.inode, ctime: reading.ctime };
  }

  /** `rest`: of the last chunk of a file, how long it has to be. */
  #readPiece(reading: Reading, rest: number | null): number {
    const { numbers } = reading;
    const back = numbers.take();
    const { length } = this.chunks;
    if (back > length) throw damaged("its list names a chunk that it does not hold");
    if (back > 0) return length - back;
    const pack = reading.pack + numbers.takeSigned();
    if (pack !== reading.pack) reading.end = packMark.length;
    const offset = reading.end + numbers.takeSigned();
    const method = numbers.take();
    const packed = method === 0 ? null : numbers.take();
    const size = rest ?? numbers.take();
    const storedSize = packed ?? size;
    const isIn = offset >= packMark.length && offset + storedSize <= (this.#packSizes[pack] ?? -1);
    if (!isIn || method > 2 || size <= 0 || size > mostOfChunk) throw damaged("its list names a chunk that lies in no pack");
    reading.pack = pack;
    reading.end = offset + storedSize;
    return this.chunks.add({ pack, offset, storedSize, method: method as ChunkMethod, size }, reading.block, sumAt(reading));
  }
}

interface Reading {
  readonly numbers: NumberReader;
  readonly block: Buffer;
  text: number;
  readonly textEnd: number;
  sum: number;
  path: Buffer;
  pathLength: number;
  mtime: number;
  inode: number;
  ctime: number;
  pack: number;
  end: number;
}

/** Where the next text of this length begins in the block. */
function textAt(reading: Reading, length: number): number {
  const from = reading.text;
  reading.text += length;
  if (reading.text > reading.textEnd) throw damaged("its list holds a block that is none");
  return from;
}

/** Where the next sum begins in the block. */
function sumAt(reading: Reading): number {
  const from = reading.sum;
  reading.sum += 32;
  if (reading.sum > reading.block.length) throw damaged("its list holds a block that is none");
  return from;
}

function sumOf(reading: Reading): Buffer {
  const from = sumAt(reading);
  return Buffer.from(reading.block.subarray(from, from + 32));
}
