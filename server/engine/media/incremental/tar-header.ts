import { padded } from "../header.ts";
import { paxSeconds } from "../time.ts";
import type { ListEntry } from "./list-entry.ts";

const block = 512;

/** All that a tar holds before the content of an entry: a pax header with what the plain one cannot say exactly, and the plain one. */
export function tarHeader(entry: ListEntry): Buffer {
  const record = paxRecords(entry);
  const size = padded(record.length);
  const bytes = Buffer.alloc(2 * block + size);
  writeBlock(bytes, 0, { ...plainOf(entry), name: "PaxHeader", size: record.length, type: "x", link: "" });
  record.copy(bytes, block);
  writeBlock(bytes, block + size, plainOf(entry));
  return bytes;
}

/** Bytes that an entry takes in a tar, from the first of its headers to behind the padding of its content. */
export const tarBytes = (entry: ListEntry): number => 2 * block + (isPlain(entry) ? block : padded(paxLength(entry))) + padded(entry.size);

/** Whether the time is all that its pax header says; that fits in one block. Most entries are such, and need no more to be known. */
const isPlain = ({ path, uid, gid, size, target }: ListEntry) =>
  target === null && uid <= plainOwner && gid <= plainOwner && size <= plainSize && path.length < 100 && fits(path);

const paxRecords = (entry: ListEntry): Buffer => Buffer.from(recordsOf(entry).map(paxRecord).join(""));
const paxLength = (entry: ListEntry): number => recordsOf(entry).reduce((sum, record) => sum + Buffer.byteLength(paxRecord(record)), 0);

/** Always the time, to the microsecond; a name, a target, an owner or a size only where it does not fit. */
function recordsOf({ path, kind, mtime, uid, gid, size, target }: ListEntry): [key: string, value: string][] {
  const name = kind === "DIRECTORY" ? `${path}/` : path;
  const records: [string, string][] = [["mtime", paxSeconds(mtime)]];
  if (!fits(name)) records.push(["path", name]);
  if (target !== null && !fits(target)) records.push(["linkpath", target]);
  if (uid > plainOwner) records.push(["uid", String(uid)]);
  if (gid > plainOwner) records.push(["gid", String(gid)]);
  if (size > plainSize) records.push(["size", String(size)]);
  return records;
}

const plainOwner = 0o7777777;
const plainSize = 0o77777777777;
const fits = (text: string) => /^[ -~]{1,100}$/.test(text);

/** "LENGTH key=value\n", where LENGTH counts itself. */
function paxRecord([key, value]: [string, string]): string {
  const rest = ` ${key}=${value}\n`;
  const bytes = Buffer.byteLength(rest);
  let length = bytes + String(bytes).length;
  if (bytes + String(length).length !== length) length = bytes + String(length).length;
  return `${length}${rest}`;
}

interface Plain {
  readonly name: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly seconds: number;
  readonly type: string;
  readonly link: string;
}

function plainOf({ path, kind, mode, uid, gid, size, mtime, target }: ListEntry): Plain {
  const name = kind === "DIRECTORY" ? `${path}/` : path;
  return {
    name: fits(name) ? name : "long-name",
    mode,
    uid: Math.min(uid, plainOwner),
    gid: Math.min(gid, plainOwner),
    size: size > plainSize ? 0 : size,
    seconds: Math.min(Math.max(Math.floor(mtime / 1e6), 0), plainSize),
    type: { FILE: "0", DIRECTORY: "5", LINK: "2" }[kind],
    link: target === null ? "" : fits(target) ? target : "long-target",
  };
}

function writeBlock(bytes: Buffer, at: number, { name, mode, uid, gid, size, seconds, type, link }: Plain): void {
  const octal = (value: number, width: number, offset: number) =>
    bytes.write(`${value.toString(8).padStart(width - 1, "0")}\0`, at + offset, "latin1");
  bytes.write(name, at, "latin1");
  octal(mode, 8, 100);
  octal(uid, 8, 108);
  octal(gid, 8, 116);
  octal(size, 12, 124);
  octal(seconds, 12, 136);
  bytes.write(`        ${type}`, at + 148, "latin1");
  bytes.write(link, at + 157, "latin1");
  bytes.write("ustar\x0000", at + 257, "latin1");
  let sum = 0;
  for (let index = at; index < at + block; index += 1) sum += bytes[index] ?? 0;
  bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, at + 148, "latin1");
}
