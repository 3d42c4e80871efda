import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import type { Manifest, MediaSummary } from "../../server/domain/manifest.ts";
import { artifactName, mediaIndexName } from "../../server/domain/naming.ts";
import type { MediaContent } from "../../server/engine/content.ts";
import { openPack } from "../../server/engine/media/pack.ts";
import type { MediaLoad } from "../../server/engine/media/stage.ts";
import { storedArchive } from "../../server/engine/media/stored-archive.ts";
import type { Storage } from "../../server/engine/storage/storage.ts";
import type { Compression } from "../../shared/enums.ts";
import { manifestWith } from "./about.ts";
import { memoryStorage } from "./memory-storage.ts";
import { dir, file, hardlink, link, type Tree } from "./trees.ts";

const run = promisify(execFile);

/** The folder that trips archivers: every kind of name, mode, link and size that a tar has to bear. */
export const nasty: Tree = {
  "a.txt": "plain",
  "leer/": dir({ mode: 0o700, mtime: new Date("2001-02-03T04:05:06.789Z") }),
  "empty file": "",
  "größe – 東京 🦀.jpg": randomBytes(3000),
  "new\nline": "1",
  "tab\tand \"quote\" 'single'": "2",
  "-rf": "dash",
  "--help/--version": "dashes",
  "back\\slash\\": "not a folder",
  "c:drive": "no drive",
  "star*?[x]": "3",
  " leading and trailing ": "4",
  "...": "dots",
  ".hidden/.deep": "5",
  ["n".repeat(100)]: "exactly 100",
  ["n".repeat(101)]: "101",
  ["ü".repeat(127)]: "254 bytes",
  [`${"deep-folder-name/".repeat(40)}end.txt`]: "a path of 680 bytes",
  "script.sh": file("#!/bin/sh\n", { mode: 0o755 }),
  "setgid/": dir({ mode: 0o2775 }),
  "sticky/x": "6",
  "sticky/": dir({ mode: 0o1777 }),
  setuid: file("7", { mode: 0o4755 }),
  "no rights": file("8", { mode: 0o000 }),
  "read only/file": file("9", { mode: 0o400 }),
  "read only/": dir({ mode: 0o555 }),
  "old.txt": file("old", { mtime: new Date("1969-07-20T20:17:40.500Z") }),
  "future.txt": file("future", { mtime: new Date("2107-06-05T04:03:02.100Z") }),
  "link to file": link("a.txt"),
  "link to folder": link("sticky"),
  "link outside": link("/etc/passwd"),
  "dangling link": link("no/such/ü\\thing"),
  "long link": link(`${"l".repeat(120)}`),
  "first of two": "shared",
  "second of two": hardlink("first of two"),
  "block.bin": randomBytes(512),
  "large.bin": randomBytes(12 * 1024 * 1024 + 77),
  "quarter.bin": randomBytes(256 * 1024),
  "quarter and one.bin": randomBytes(256 * 1024 + 1),
};

export const still = () => ({ signal: new AbortController().signal, say: () => {} });

/** Packs and keeps the archive in memory. */
export async function packed(roots: readonly string[], exclude: readonly string[] = [], compression: Compression = "ZSTD") {
  const level = { NONE: 0, GZIP: 6, ZSTD: 3 }[compression];
  await using reader = await openPack({ roots, exclude, packing: { compression, level }, ...still() });
  const bytes = await buffer(reader.bytes);
  const done = await reader.done;
  const index = { size: reader.index().size, bytes: await buffer(reader.index().bytes) };
  return { bytes, index, compression, ...done, progress: reader.progress() };
}

/** Packs as a backup does, into a storage in memory, index and manifest with it. */
export async function archiveOf(roots: readonly string[], compression: Compression = "ZSTD") {
  const { bytes, index, summary, size } = await packed(roots, [], compression);
  const storage = memoryStorage();
  const stored = {
    name: mediaIndexName(compression),
    size: index.size,
    storedSize: index.bytes.length,
    sha256: sha256Of(index.bytes),
    packed: null,
  };
  const manifest = manifestOf(bytes, { ...summary, index: stored }, compression, size);
  storage.files.set(`f/${stored.name}`, index.bytes);
  storage.files.set(`f/${artifactName("media", compression)}`, bytes);
  return { storage, manifest, bytes, index: index.bytes, content: storedArchive(storage, "f", manifest) };
}
export type Archive = Awaited<ReturnType<typeof archiveOf>>;

const sha256Of = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

/** Unpacks into `folder` with the system's own tar. */
export async function untarWithStockTools(bytes: Buffer, folder: string, compression: Compression = "ZSTD"): Promise<void> {
  await writeFile(join(folder, "../archive.tar"), bytes);
  const how = { NONE: [], GZIP: ["--gzip"], ZSTD: ["--zstd"] }[compression];
  await run("tar", [...how, "-xpf", "../archive.tar"], { cwd: folder, env: { ...process.env, LC_ALL: "C.UTF-8" } });
}

/** A manifest of media only, whose archive is these bytes. */
export function manifestOf(bytes: Buffer, media: MediaSummary, compression: Compression, size: number): Manifest {
  const sha256 = sha256Of(bytes);
  const at = "2024-03-01T12:34:56.250Z";
  return manifestWith({
    ...{ type: "MEDIA", createdAt: at, startedAt: at, finishedAt: at, excludeLogs: false, compression, media },
    artifacts: [{ name: artifactName("media", compression), part: "media", size, storedSize: bytes.length, sha256, packed: null }],
  });
}

/** What is different from a storage that holds the archive as it was stored. */
interface Twist {
  readonly compression?: Compression;
  readonly size?: number;
  readonly sha256?: string;
  readonly storage?: Partial<Storage>;
}

/** These bytes as the archive of a backup. */
export function contentOf(
  bytes: Buffer,
  expected: MediaSummary,
  { compression = "ZSTD", size = 0, sha256, storage }: Twist = {},
): MediaContent {
  const stored = memoryStorage();
  const manifest = manifestOf(bytes, expected, compression, size);
  stored.files.set(`f/${artifactName("media", compression)}`, bytes);
  const artifacts = manifest.artifacts.map((artifact) => ({ ...artifact, ...(sha256 ? { sha256 } : {}) }));
  return storedArchive({ ...stored, ...storage }, "f", { ...manifest, artifacts });
}

/** What a restore of these bytes into `roots` asks for. */
export function loadOf(bytes: Buffer, expected: MediaSummary, roots: MediaLoad["roots"], twist: Twist = {}): MediaLoad {
  return {
    roots,
    content: contentOf(bytes, expected, twist),
    paths: null,
    mode: "REPLACE",
    restoreId: "0a1b2c3d-0000-4000-8000-000000000000",
    observe: () => {},
    ...still(),
  };
}
