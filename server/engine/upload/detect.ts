import type { UploadFormat } from "../../domain/inspection.ts";
import { Refused } from "./refused.ts";

export type Wrapping = "NONE" | "GZIP" | "ZSTD";

/** What the first bytes of a file say of how it is packed; `zip` unpacks by itself. */
export function wrappingOf(head: Buffer): Wrapping | "zip" {
  if (head.length >= 2 && head[0] === 0x1f && head[1] === 0x8b) return "GZIP";
  if (isZstd(head)) return "ZSTD";
  if (isZip(head)) return "zip";
  return "NONE";
}

/** What the unpacked bytes are: a tar, or SQL as far as can be told. Anything known to be something else is Refused by its name. */
export function contentOf(head: Buffer): "tar" | "sql" {
  if (isEncrypted(head)) throw encryptedUpload("The file is", "FILE.age > FILE");
  if (isTar(head)) return "tar";
  if (wrappingOf(head) !== "NONE" || isPacked(head))
    throw new Refused(
      "NESTED_COMPRESSION",
      "The file is compressed twice, or holds an archive within another.",
      "Unpack it once, and send what is in it.",
    );
  const found = others.find(([, pattern]) => pattern.test(head.toString("latin1", 0, 4096)))?.[0];
  if (found) throw new Refused("NOT_A_MYSQL_DUMP", `The file is ${found}, not a dump of MySQL or MariaDB, nor an archive.`, wanted);
  return "sql";
}

/** The refusal of what only a key opens: a restore could not inspect it first. `files` are those of the command that decrypts. */
export const encryptedUpload = (what: string, files: string) =>
  new Refused(
    "ENCRYPTED",
    `${what} encrypted with age, and uploads are looked into before they are used.`,
    `Decrypt first, with the identity of the recovery kit in key.txt, and send what comes out: age -d -i key.txt ${files}`,
  );

const isEncrypted = (head: Buffer) =>
  /^(?:age-encryption\.org\/v1\n|-----BEGIN AGE ENCRYPTED FILE-----)/.test(head.toString("latin1", 0, 40));

const wanted = "Send a .sql dump (plain, gzip or zstd), a .tar (plain, gzip or zstd), a .zip, or a backup downloaded from Holdfast.";

const isZstd = (head: Buffer) => {
  if (head.length < 4) return false;
  const magic = head.readUInt32LE(0);
  return magic === 0xfd2fb528 || (magic >= 0x184d2a50 && magic <= 0x184d2a5f);
};
const isZip = (head: Buffer) =>
  head.length >= 4 && head[0] === 0x50 && head[1] === 0x4b && [0x0403, 0x0605, 0x0807].includes(head.readUInt16LE(2));
const isPacked = (head: Buffer) =>
  /^(?:BZh[1-9]|\xfd7zXZ\0|7z\xbc\xaf\x27\x1c|Rar!\x1a\x07|\x04\x22\x4d\x18|LZIP)/.test(head.toString("latin1", 0, 8));

function isTar(head: Buffer): boolean {
  if (head.length < 512) return false;
  const stated = Number.parseInt(
    head
      .toString("latin1", 148, 156)
      .replace(/[\0 ]+$/, "")
      .trim(),
    8,
  );
  let sum = 8 * 0x20;
  for (let at = 0; at < 512; at += 1) if (at < 148 || at >= 156) sum += head[at] ?? 0;
  return stated === sum || (head.subarray(0, 1024).every((byte) => byte === 0) && head.length >= 1024);
}

const others: readonly (readonly [string, RegExp])[] = [
  ["UTF-16 text", /^(?:\xff\xfe|\xfe\xff|(?:[\x20-\x7e]\0){4}|(?:\0[\x20-\x7e]){4})/],
  ["a PostgreSQL dump", /^PGDMP|^(?:\xef\xbb\xbf)?\s*(?:--[^\n]*\n)*-- PostgreSQL database/],
  ["an SQLite database", /^SQLite format 3\0/],
  ["an SQLite dump", /^\s*PRAGMA \w+\s*=\s*\w+;/i],
  ["a web page", /^(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|head|\?xml|body)/i],
  ["JSON", /^(?:\xef\xbb\xbf)?\s*[[{]/],
  ["a PDF", /^%PDF-/],
  ["a picture", /^(?:\x89PNG|\xff\xd8\xff|GIF8|RIFF....WEBP)/],
  ["a program", /^(?:\x7fELF|MZ)/],
  ["a binary log of MySQL", /^\xfebin/],
  ["a bzip2, xz, 7z or rar archive", /^(?:BZh[1-9]|\xfd7zXZ|7z\xbc\xaf|Rar!)/],
];

const suffixes: Readonly<Record<Wrapping, string>> = { NONE: "", GZIP: ".gz", ZSTD: ".zst" };
export const formatName = (content: "tar" | "sql", wrapping: Wrapping) => `${content}${suffixes[wrapping]}` as UploadFormat;

const endings: readonly (readonly [RegExp, readonly UploadFormat[]])[] = [
  [/\.(?:tar\.gz|tgz)$/i, ["tar.gz"]],
  [/\.(?:tar\.zst|tzst)$/i, ["tar.zst"]],
  [/\.sql\.gz$/i, ["sql.gz"]],
  [/\.sql\.zst$/i, ["sql.zst"]],
  [/\.tar$/i, ["tar", "holdfast"]],
  [/\.sql$/i, ["sql"]],
  [/\.zip$/i, ["zip"]],
  [/\.gz$/i, ["sql.gz", "tar.gz"]],
  [/\.zst$/i, ["sql.zst", "tar.zst"]],
];

/** Whether the file's name promises something else than it is. */
export function isMisnamed(filename: string, format: UploadFormat): boolean {
  const promised = endings.find(([ending]) => ending.test(filename))?.[1];
  return promised !== undefined && !promised.includes(format);
}
