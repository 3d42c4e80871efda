import type { EntryData } from "archiver";
import type { Entry } from "./entry.ts";
import { paxSeconds } from "./time.ts";

/** What archiver hands through to the tar header besides its own fields. */
export interface TarHeader extends EntryData {
  readonly uid: number;
  readonly gid: number;
  readonly linkname?: string;
  readonly pax: Readonly<Record<string, string>>;
}

/** The header of an entry, exact where the plain format is not: times to the microsecond, any name, large owner ids. */
export function tarHeader(entry: Entry, prefix: string): TarHeader {
  const name = entry.path ? `${prefix}/${entry.path}` : prefix;
  const pax: Record<string, string> = { mtime: paxSeconds(entry.mtime) };
  // archiver takes a backslash for a slash. The further header is what every tar reads as the name.
  const plain = name.replaceAll("\\", "_").replace(/^(\w+):/, "$1_");
  if (plain !== name) pax.path = entry.kind === "directory" ? `${name}/` : name;
  if (entry.uid > plainOwner) pax.uid = String(entry.uid);
  if (entry.gid > plainOwner) pax.gid = String(entry.gid);
  return {
    name: plain,
    type: entry.kind === "link" ? "symlink" : entry.kind,
    mode: entry.mode === 0 ? noRights : entry.mode,
    date: new Date(Math.min(Math.max(entry.mtime / 1000, 0), plainTime)),
    uid: Math.min(entry.uid, plainOwner),
    gid: Math.min(entry.gid, plainOwner),
    ...(entry.target === null ? {} : { linkname: entry.target }),
    pax,
  };
}

/** The bytes that an entry takes in the archive before its content: its pax header with that one's body, and its own. */
export function headerBytes({ name, type, linkname, pax }: TarHeader): number {
  const records = { path: type === "directory" ? `${name}/` : name, ...(linkname ? { linkpath: linkname } : {}) };
  const body = [...Object.entries(records), ...Object.entries(pax)].reduce((sum, [key, value]) => sum + paxRecord(key, value), 0);
  return 2 * block + padded(body);
}

const block = 512;

/** Rounded up to whole blocks, as content is in an archive. */
export const padded = (size: number) => Math.ceil(size / block) * block;

/** The length of "LENGTH key=value\n", where LENGTH counts itself. */
function paxRecord(key: string, value: string): number {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  const digits = String(rest).length;
  return rest + (String(rest + digits).length > digits ? digits + 1 : digits);
}

/** The largest owner id and time that tar-stream writes right in the plain header. */
const plainOwner = 0o777777;
const plainTime = (2 ** 31 - 1) * 1000;

/** Mode 0 reads as "not given" and would become 0644. As a text it passes for given, and its low bits are 0. */
const noRights = String(0o10000) as unknown as number;
