#!/usr/bin/env node
// Reads the media of an incremental Holdfast backup with nothing but Node 22.15 or later (its zlib knows zstd) and, where the
// backup is encrypted, the stock program age. docs/incremental-format.md describes what it reads.
//
//   node read-incremental.mjs [--key KEYFILE] STORAGE_FOLDER MANIFEST --list
//   node read-incremental.mjs [--key KEYFILE] STORAGE_FOLDER MANIFEST --tar > media.tar
//   node read-incremental.mjs [--key KEYFILE] STORAGE_FOLDER MANIFEST --out FOLDER [PATH ...]
//
// STORAGE_FOLDER is the top of the storage: the folder in which the source's folder lies. Everything that is read is proved
// by its SHA-256. Nothing is ever written outside of FOLDER, and nothing that is there already is overwritten.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { gunzipSync, zstdDecompressSync } from "node:zlib";

const usage = "node read-incremental.mjs [--key KEYFILE] STORAGE_FOLDER MANIFEST --list | --tar | --out FOLDER [PATH ...]";
/** A folder of our own for what is decrypted, and the packs that are open. */
let work = null;
const packs = new Map();
const { root, manifestFile, mode, target, paths, key } = readArguments(process.argv.slice(2));
if (!zstdDecompressSync) fail("This Node has no zstd: take 22.15 or later.");

const manifest = JSON.parse(fs.readFileSync(manifestFile, "utf8"));
const media = manifest.media;
if (!media?.packs) fail("This manifest is not of an incremental backup of media.");
work = fs.mkdtempSync(join(tmpdir(), "read-incremental-"));
try {
  main();
} finally {
  fs.rmSync(work, { recursive: true, force: true });
}

function main() {
  const artifact = manifest.artifacts.find(({ part }) => part === "media");
  const list = unpack(fs.readFileSync(opened(join(dirname(manifestFile), plainName(artifact.name)), artifact)), manifest.compression);
  const { entries, chunks } = readList(list);
  if (mode === "list") for (const entry of entries) process.stdout.write(`${lineOf(entry)}\n`);
  else if (mode === "tar") writeTar(entries, chunks);
  else extract(chosen(entries), chunks);
}

/** Arguments, strictly. */
function readArguments(words) {
  const found = { root: null, manifestFile: null, mode: null, target: null, paths: [], key: null };
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === "--key") found.key = words.shift() ?? fail(usage);
    else if (word === "--list" || word === "--tar") found.mode = word.slice(2);
    else if (word === "--out") [found.mode, found.target] = ["out", words.shift() ?? fail(usage)];
    else if (word.startsWith("--")) fail(usage);
    else if (found.root === null) found.root = word;
    else if (found.manifestFile === null) found.manifestFile = word;
    else found.paths.push(word.replace(/\/+$/, ""));
  }
  if (found.manifestFile === null || found.mode === null) fail(usage);
  return found;
}

/** The path of a stored file as it is inside its encryption, proved: age opens it into a folder of our own, or it was opened before. */
function opened(path, file) {
  if (!file.packed) return proved(path, file.storedSize, file.sha256);
  const own = path.replace(/\.age$/, "");
  // What the loop over age in the description has opened already.
  if (own !== path && !fs.existsSync(path) && fs.existsSync(own)) return proved(own, file.packed.size, file.packed.sha256);
  if (key === null) fail(`${path} is encrypted: give the key with --key, or decrypt all files with age first.`);
  proved(path, file.storedSize, file.sha256);
  const plain = join(work, file.name);
  const age = spawnSync("age", ["-d", "-i", key, "-o", plain, path], { stdio: ["ignore", "ignore", "pipe"] });
  if (age.status !== 0) fail(`age could not open ${path}: ${age.error?.message ?? age.stderr}`);
  return proved(plain, file.packed.size, file.packed.sha256);
}

/** A pack that was encrypted has no sum of what is inside: each chunk in it has one. */
function proved(path, size, sha256) {
  const sum = createHash("sha256");
  const fd = fs.openSync(path, "r");
  const piece = Buffer.allocUnsafe(1024 * 1024);
  let length = 0;
  for (let read = fs.readSync(fd, piece); read > 0; read = fs.readSync(fd, piece)) {
    sum.update(piece.subarray(0, read));
    length += read;
  }
  fs.closeSync(fd);
  if (length !== size || (sha256 !== null && sum.digest("hex") !== sha256)) fail(`${path} is not what was stored.`);
  return path;
}

function plainName(name) {
  if (!/^[a-z0-9][a-z0-9._-]*$/.test(name)) fail(`The manifest names a file ${JSON.stringify(name)}.`);
  return name;
}

function unpack(bytes, compression) {
  if (compression === "ZSTD") return zstdDecompressSync(bytes);
  return compression === "GZIP" ? gunzipSync(bytes) : bytes;
}

/** The whole list: its entries, and the chunks that they name. */
function readList(list) {
  const [entries, chunks] = [[], []];
  for (let at = 0; ; ) {
    if (list.toString("latin1", at, at + 4) !== "HFL1") fail("The list is damaged.");
    const [count, numbers, texts, sums] = [4, 8, 12, 16].map((offset) => list.readUInt32LE(at + offset));
    const [text, sum, end] = [at + 20 + numbers, at + 20 + numbers + texts, at + 20 + numbers + texts + sums];
    const block = { list, at: at + 20, text, sum, path: Buffer.alloc(0), mtime: 0, pack: 0, end: 8, chunks };
    if (count === 0) {
      const [files, directories, links, all] = [0, 0, 0, 0].map(() => number(block));
      if (files + directories + links !== entries.length || all !== chunks.length) fail("The list is cut off.");
      return { entries, chunks };
    }
    for (let index = 0; index < count; index += 1) entries.push(readEntry(block));
    at = end;
  }
}

/** Seven bits a byte, the lowest first. */
function number(block) {
  for (let [value, scale] = [0, 1]; ; scale *= 128) {
    const byte = block.list[block.at++];
    value += (byte % 128) * scale;
    if (byte < 128) return value;
  }
}

function signed(block) {
  const value = number(block);
  return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
}

function textOf(block, length) {
  block.text += length;
  return block.list.subarray(block.text - length, block.text);
}

function sumOf(block) {
  block.sum += 32;
  return block.list.subarray(block.sum - 32, block.sum);
}

function readEntry(block) {
  const kind = ["file", "directory", "link"][number(block)];
  const shared = number(block);
  block.path = Buffer.concat([block.path.subarray(0, shared), textOf(block, number(block))]);
  const [permissions, uid, gid] = [number(block), number(block), number(block)];
  block.mtime += signed(block);
  const entry = { kind, path: block.path.toString(), mode: permissions, uid, gid, mtime: block.mtime, size: 0, target: null, pieces: [] };
  if (kind === "link") return { ...entry, target: textOf(block, number(block)).toString() };
  if (kind !== "file") return entry;
  entry.size = number(block);
  // What tells the next backup that the file is unchanged: its inode and the time of its last change.
  if (number(block) !== 0) [signed(block), signed(block)];
  let rest = entry.size;
  for (let left = number(block); left > 0; left -= 1) {
    const piece = readPiece(block, left === 1 ? rest : null);
    entry.pieces.push(piece);
    rest -= block.chunks[piece].size;
  }
  if (entry.pieces.length > 1) sumOf(block);
  return entry;
}

/** The number of a chunk; one that is named for the first time is added. `rest`: how long the last one of a file has to be. */
function readPiece(block, rest) {
  const { chunks } = block;
  const back = number(block);
  if (back > 0) return chunks.length - back;
  const pack = block.pack + signed(block);
  if (pack !== block.pack) block.end = 8;
  const offset = block.end + signed(block);
  const method = number(block);
  const packed = method === 0 ? null : number(block);
  const size = rest ?? number(block);
  const storedSize = packed ?? size;
  [block.pack, block.end] = [pack, offset + storedSize];
  return chunks.push({ pack, offset, storedSize, method, size, sum: sumOf(block) }) - 1;
}

/** An open pack; a few at a time. */
function packOf(index) {
  const known = packs.get(index);
  if (known) return known;
  const file = media.packs.files[index] ?? fail("The list names a pack that the manifest does not.");
  const folder = media.packs.folder.split("/").map(plainStep);
  const path = opened(join(root, ...folder, plainName(file.name)), file);
  const pack = { path, fd: fs.openSync(path, "r") };
  packs.set(index, pack);
  for (const [oldest, { fd, path: old }] of packs) {
    if (packs.size <= 8) break;
    fs.closeSync(fd);
    if (old.startsWith(work)) fs.rmSync(old);
    packs.delete(oldest);
  }
  return pack;
}

function plainStep(step) {
  if (step === "" || step === "." || step === "..") fail("The manifest names a folder that leads elsewhere.");
  return step;
}

function contentOf(chunk) {
  const stored = Buffer.allocUnsafe(chunk.storedSize);
  if (fs.readSync(packOf(chunk.pack).fd, stored, 0, stored.length, chunk.offset) !== stored.length) fail("A pack is cut off.");
  const bytes = chunk.method === 0 ? stored : chunk.method === 1 ? zstdDecompressSync(stored) : gunzipSync(stored);
  if (!createHash("sha256").update(bytes).digest().equals(chunk.sum)) fail("A chunk is not what was stored.");
  return bytes;
}

/** The entries of the wanted paths, of all below them, and of the folders that they lie in. */
function chosen(entries) {
  if (paths.length === 0) return entries;
  const isIn = (path, folder) => path === folder || path.startsWith(`${folder}/`);
  for (const wanted of paths) if (!entries.some(({ path }) => path === wanted)) fail(`The backup holds no ${wanted}.`);
  return entries.filter(({ path, kind }) => paths.some((wanted) => isIn(path, wanted) || (kind === "directory" && isIn(wanted, path))));
}

function lineOf({ kind, path, mode: permissions, size, mtime, target: to }) {
  const letter = { file: "-", directory: "d", link: "l" }[kind];
  const time = new Date(mtime / 1000).toISOString();
  return `${letter}${permissions.toString(8).padStart(4, "0")} ${String(size).padStart(14)} ${time} ${path}${to === null ? "" : ` -> ${to}`}`;
}

/** Writes the entries below the folder: links at last, so that nothing is written through one, and modes of folders after that. */
function extract(entries, chunks) {
  const top = resolve(target);
  const place = (path) => {
    const steps = path.split("/");
    if (path.includes("\0") || steps.some((step) => step === "" || step === "." || step === "..")) fail(`${path} leads elsewhere.`);
    return join(top, ...steps);
  };
  fs.mkdirSync(top, { recursive: true });
  const [made, prefixes] = [new Set(), new Set(media.roots.map(({ prefix }) => prefix))];
  for (const { path, kind, pieces } of entries) {
    if (!prefixes.has(path.split("/")[0])) fail(`${path} belongs to no folder of this backup.`);
    // Only folders that were made here: never through a link that was there before.
    if (path.includes("/") && !made.has(dirname(path))) fail(`${path} comes before its folder.`);
    if (kind === "directory") {
      fs.mkdirSync(place(path), { mode: 0o700 });
      made.add(path);
    } else if (kind === "file") {
      const fd = fs.openSync(place(path), "wx", 0o600);
      for (const piece of pieces) fs.writeFileSync(fd, contentOf(chunks[piece]));
      fs.closeSync(fd);
    }
  }
  for (const { path, kind, target: to } of entries) if (kind === "link") fs.symlinkSync(to, place(path));
  for (const entry of entries.toReversed()) settle(place(entry.path), entry);
}

function settle(path, { kind, mode: permissions, uid, gid, mtime }) {
  if (process.getuid?.() === 0) fs.lchownSync(path, uid, gid);
  if (kind !== "link") fs.chmodSync(path, permissions);
  // As texts, and half a microsecond later: so the very microsecond is set, also before 1970.
  const seconds = String(mtime / 1e6 + 0.5e-6);
  fs.lutimesSync(path, seconds, seconds);
}

function writeTar(entries, chunks) {
  for (const entry of entries) {
    out(tarHeader(entry));
    for (const piece of entry.pieces) out(contentOf(chunks[piece]));
    out(Buffer.alloc(padding(entry.size)));
  }
  out(Buffer.alloc(1024));
}

/** All of it, also into a pipe that is full for a moment. */
function out(bytes) {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += fs.writeSync(1, bytes, at);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

function padding(size) {
  return (512 - (size % 512)) % 512;
}

function fits(text) {
  return /^[ -~]{1,100}$/.test(text);
}

/** A pax header with the exact time, and with what the plain one has no room for; then the plain one. */
function tarHeader({ path, kind, mode: permissions, uid, gid, mtime, size, target: to }) {
  const name = kind === "directory" ? `${path}/` : path;
  const distance = Math.abs(mtime);
  const time = `${mtime < 0 ? "-" : ""}${Math.floor(distance / 1e6)}.${String(distance % 1e6).padStart(6, "0")}`;
  const records = [["mtime", time]];
  if (!fits(name)) records.push(["path", name]);
  if (to !== null && !fits(to)) records.push(["linkpath", to]);
  if (uid > 0o7777777) records.push(["uid", uid]);
  if (gid > 0o7777777) records.push(["gid", gid]);
  if (size > 0o77777777777) records.push(["size", size]);
  const pax = Buffer.from(records.map(paxRecord).join(""));
  const facts = { mode: permissions, uid: Math.min(uid, 0o7777777), gid: Math.min(gid, 0o7777777) };
  const seconds = Math.min(Math.max(Math.floor(mtime / 1e6), 0), 0o77777777777);
  const type = { file: "0", directory: "5", link: "2" }[kind];
  const plainSize = size > 0o77777777777 ? 0 : size;
  return Buffer.concat([
    tarBlock({ ...facts, name: "PaxHeader", size: pax.length, seconds, type: "x", link: "" }),
    pax,
    Buffer.alloc(padding(pax.length)),
    tarBlock({
      ...facts,
      name: fits(name) ? name : "long-name",
      size: plainSize,
      seconds,
      type,
      link: to === null ? "" : fits(to) ? to : "long-target",
    }),
  ]);
}

function paxRecord([name, value]) {
  const rest = ` ${name}=${value}\n`;
  const bytes = Buffer.byteLength(rest);
  let length = bytes + String(bytes).length;
  if (bytes + String(length).length !== length) length = bytes + String(length).length;
  return `${length}${rest}`;
}

function tarBlock({ name, mode: permissions, uid, gid, size, seconds, type, link }) {
  const bytes = Buffer.alloc(512);
  const octal = (value, width, at) => bytes.write(`${value.toString(8).padStart(width - 1, "0")}\0`, at, "latin1");
  bytes.write(name, 0, "latin1");
  octal(permissions, 8, 100);
  octal(uid, 8, 108);
  octal(gid, 8, 116);
  octal(size, 12, 124);
  octal(seconds, 12, 136);
  bytes.write(`        ${type}`, 148, "latin1");
  bytes.write(link, 157, "latin1");
  bytes.write("ustar\x0000", 257, "latin1");
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return bytes;
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  if (work !== null) fs.rmSync(work, { recursive: true, force: true });
  process.exit(1);
}
