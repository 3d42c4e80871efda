import type { Entry } from "./entry.ts";
import { paxSeconds } from "./time.ts";

/**
 * What stands before an entry's content in the archive: a pax header, which has all that the plain one has no room for
 * (times to the microsecond, any name, large owner ids), and the plain one. Byte for byte as tar-stream writes them, which
 * archiver uses: made here, since through its streams a header costs more time than a small file's content.
 */
export function tarHeader(entry: Entry, prefix: string): Buffer {
  const name = entry.path ? `${prefix}/${entry.path}` : prefix;
  const records = [
    paxRecord("path", entry.kind === "directory" ? `${name}/` : name),
    ...(entry.target ? [paxRecord("linkpath", entry.target)] : []),
    paxRecord("mtime", paxSeconds(entry.mtime)),
    ...(entry.uid > plainOwner ? [paxRecord("uid", String(entry.uid))] : []),
    ...(entry.gid > plainOwner ? [paxRecord("gid", String(entry.gid))] : []),
  ].join("");
  const length = Buffer.byteLength(records);
  const bytes = Buffer.alloc(2 * block + padded(length));
  writeBlock(bytes, entry, "x", length);
  bytes.write(records, block);
  writeBlock(bytes.subarray(-block), entry, types[entry.kind], entry.size);
  return bytes;
}

/** Rounded up to whole blocks, as content is in an archive. */
export const padded = (size: number) => Math.ceil(size / block) * block;

const block = 512;
const types = { file: "0", link: "2", directory: "5" } as const;

/** "LENGTH key=value\n", where LENGTH counts itself. */
function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const length = Buffer.byteLength(rest);
  const digits = String(length).length;
  return `${length + digits + (String(length + digits).length > digits ? 1 : 0)}${rest}`;
}

/** A ustar header; the name in it is nobody's, since the pax header has the right one. */
function writeBlock(into: Buffer, { kind, mode, uid, gid, mtime }: Entry, type: string, size: number): void {
  const write = (text: string, at: number) => into.write(text, at, "latin1");
  write(named, 0);
  write(octal(mode, 6) + octal(Math.min(uid, plainOwner), 6) + octal(Math.min(gid, plainOwner), 6), 100);
  if (size < 8 ** 11) write(octal(size, 11), 124);
  else {
    into[124] = 0x80;
    into.writeBigUInt64BE(BigInt(size), 128);
  }
  write(octal(Math.floor(Math.min(Math.max(mtime / 1e6, 0), plainTime)), 11), 136);
  write(type, 156);
  if (kind === "link") write(named, 157);
  write("ustar\x0000", 257);
  write(octal(0, 6) + octal(0, 6), 329);
  // The sum counts its own field as eight spaces.
  let sum = 8 * 32;
  for (let at = 0; at < block; at += 1) sum += into[at] ?? 0;
  write(octal(sum, 6), 148);
}

const named = "PaxHeader";
/** Digits and what ends them, as tar-stream does it. */
const octal = (value: number, digits: 6 | 11) => `${value.toString(8).padStart(digits, "0")} ${digits === 6 ? "\0" : ""}`;

/** The largest owner id and time that the plain header has room for. */
const plainOwner = 0o777777;
const plainTime = 2 ** 31 - 1;
