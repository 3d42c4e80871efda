import type { Readable } from "node:stream";
import { abortable, orAbort } from "./abortable.ts";

/** A stored file of a bundle: its size is known and it can be read from any byte on. */
export interface BundleEntry {
  readonly name: string;
  readonly size: number;
  readonly mtime: Date;
  open(range: { start: number; end: number }): Promise<Readable>;
}

/** A tar that is never stored: its size is known beforehand, and any range of it can be read. */
export interface Bundle {
  readonly size: number;
  /** The bytes from `start` to `end`, both inclusive; aborting `signal` ends it at once. */
  read(start: number, end: number, signal: AbortSignal): AsyncGenerator<Uint8Array, void>;
}

/** Entries as one tar that stock tools unpack; the same entries give the same bytes, so a broken download can go on. */
export function bundle(entries: readonly BundleEntry[]): Bundle {
  const pieces: Piece[] = entries.flatMap((entry) => [
    inMemory(header(entry)),
    { size: entry.size, read: (start, end, signal) => fromStorage(entry, start, end, signal) },
    inMemory(Buffer.alloc(padding(entry.size))),
  ]);
  pieces.push(inMemory(Buffer.alloc(2 * block)));
  return { size: pieces.reduce((sum, { size }) => sum + size, 0), read: (start, end, signal) => readPieces(pieces, start, end, signal) };
}

interface Piece {
  readonly size: number;
  read(start: number, end: number, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

const block = 512;
const padding = (size: number) => (block - (size % block)) % block;

const inMemory = (bytes: Buffer): Piece => ({
  size: bytes.length,
  async *read(start, end) {
    yield bytes.subarray(start, end + 1);
  },
});

async function* readPieces(pieces: readonly Piece[], start: number, end: number, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
  let offset = 0;
  for (const piece of pieces) {
    const [from, to] = [Math.max(start - offset, 0), Math.min(end - offset, piece.size - 1)];
    if (from <= to) yield* piece.read(from, to, signal);
    offset += piece.size;
  }
}

/** Ends with an error when the storage gives more or less than was announced: the tar would be broken from there on. */
async function* fromStorage(entry: BundleEntry, start: number, end: number, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
  let left = end - start + 1;
  for await (const chunk of abortable(await opened(entry.open({ start, end }), signal), signal)) {
    left -= chunk.length;
    if (left < 0) break;
    yield chunk;
  }
  if (left !== 0) throw new Error(`${entry.name} is not ${entry.size} bytes long any more`);
}

/** The stream that is about to be there; one that comes too late is closed. */
async function opened(opening: Promise<Readable>, signal: AbortSignal): Promise<Readable> {
  opening.then((stream) => signal.aborted && stream.destroy()).catch(() => {});
  return orAbort(opening, signal);
}

/** A ustar header; a name that does not fit in it, or is not ASCII, goes before it in a pax header. */
function header({ name, size, mtime }: BundleEntry): Buffer {
  const plain = /^[ -~]{1,100}$/.test(name);
  const own = headerBlock(plain ? name : "file", size, mtime, "0");
  if (plain) return own;
  const record = paxRecord("path", name);
  return Buffer.concat([headerBlock("pax", record.length, mtime, "x"), record, Buffer.alloc(padding(record.length)), own]);
}

/** "LENGTH key=value\n", where LENGTH counts itself. */
function paxRecord(key: string, value: string): Buffer {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  if (rest + String(length).length !== length) length = rest + String(length).length;
  return Buffer.from(`${length} ${key}=${value}\n`);
}

function headerBlock(name: string, size: number, mtime: Date, type: string): Buffer {
  const bytes = Buffer.alloc(block);
  const octal = (value: number, width: number) => `${value.toString(8).padStart(width - 1, "0")}\0`;
  bytes.write(name, 0);
  bytes.write(octal(0o600, 8), 100);
  bytes.write(octal(0, 8) + octal(0, 8), 108);
  writeSize(bytes, size);
  bytes.write(octal(Math.max(0, Math.floor(mtime.getTime() / 1000)), 12), 136);
  bytes.write(`        ${type}`, 148);
  bytes.write("ustar\x0000", 257);
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${octal(sum, 7)} `, 148);
  return bytes;
}

/** Octal up to 8 GiB; beyond, GNU's binary form, which every tar of today reads. */
function writeSize(bytes: Buffer, size: number): void {
  if (size < 8 ** 11) bytes.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
  else {
    bytes[124] = 0x80;
    bytes.writeBigUInt64BE(BigInt(size), 128);
  }
}
