import { damaged } from "./names.ts";

/** A block of a tar as it describes an entry, or the records that stand before one. */
export interface TarHeader {
  readonly name: string;
  /** The letter or digit that stands in the block. */
  readonly type: string;
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds. */
  readonly mtime: number;
  /** What a link names; "" for others. */
  readonly target: string;
}

export const blockBytes = 512;

/** Reads a header that is ustar's or GNU's, which is all that anybody writes; null for an empty block. What is none is ARTIFACT_CORRUPT. */
export function readHeader(block: Buffer): TarHeader | null {
  const sum = sumOf(block);
  if (sum === emptySum) return null;
  if (sum !== numberAt(block, 148, 8)) throw damaged("it has a header that is none, or one that was altered");
  const magic = block.toString("latin1", 257, 265);
  const isUstar = magic.startsWith("ustar\0");
  if (!isUstar && magic !== "ustar  \0") throw damaged("it is not in a form that is known");
  const [plain, before] = [textAt(block, 0, 100), isUstar ? textAt(block, 345, 155) : ""];
  const name = before ? `${before}/${plain}` : plain;
  const type = block.toString("latin1", 156, 157).replace("\0", "0");
  return {
    name,
    // Old ones say it by the slash alone.
    type: type === "0" && name.endsWith("/") ? "5" : type,
    size: sizeOf(numberAt(block, 124, 12)),
    mode: numberAt(block, 100, 8) || 0,
    uid: numberAt(block, 108, 8) || 0,
    gid: numberAt(block, 116, 8) || 0,
    mtime: numberAt(block, 136, 12) || 0,
    target: textAt(block, 157, 100),
  };
}

/** The records of a pax header: "LENGTH key=value\n" one after the other, where LENGTH counts itself. */
export function readPax(bytes: Buffer): ReadonlyMap<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < bytes.length && bytes[at] !== 0; ) {
    const space = bytes.indexOf(32, at);
    const length = space < 0 ? 0 : Number(bytes.toString("latin1", at, space));
    const equals = bytes.indexOf(61, space);
    if (!(length > space - at && at + length <= bytes.length && equals > space && equals < at + length))
      throw damaged("it has an extended header that is none");
    records.set(bytes.toString("utf8", space + 1, equals), bytes.toString("utf8", equals + 1, at + length - 1));
    at += length;
  }
  return records;
}

/** A name in a block of its own, as GNU writes those that are too long for the header. */
export const readLongName = (bytes: Buffer): string => textAt(bytes, 0, bytes.length);

/** A size that something can have; ARTIFACT_CORRUPT otherwise. */
export function sizeOf(size: number): number {
  if (!(Number.isSafeInteger(size) && size >= 0)) throw damaged("it has an entry without a size");
  return size;
}

/** The sum counts its own field as eight spaces; this is all of it where the rest is empty. */
const emptySum = 8 * 32;

function sumOf(block: Buffer): number {
  let sum = emptySum;
  for (let at = 0; at < blockBytes; at += 1) if (at < 148 || at >= 156) sum += block[at] ?? 0;
  return sum;
}

function textAt(bytes: Buffer, at: number, length: number): string {
  const end = bytes.indexOf(0, at);
  return bytes.toString("utf8", at, end < 0 ? at + length : Math.min(end, at + length));
}

/** Octal digits between spaces and NULs, or binary where they would be too many; NaN for anything else. */
function numberAt(block: Buffer, at: number, length: number): number {
  const first = block[at] ?? 0;
  if (first & 0x80) {
    let value = first & 0x40 ? first - 0x100 : first & 0x3f;
    for (let next = at + 1; next < at + length; next += 1) value = value * 256 + (block[next] ?? 0);
    return value;
  }
  const digits = /^[ \0]*([0-7]*)(?:[ \0]|$)/.exec(block.toString("latin1", at, at + length))?.[1];
  return digits === undefined ? Number.NaN : Number.parseInt(digits || "0", 8);
}
