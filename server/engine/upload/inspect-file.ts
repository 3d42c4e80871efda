import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { formatBytes, formatCount } from "../../../shared/format.ts";
import type { Finding, Inspection } from "../../domain/inspection.ts";
import type { Artifact, Manifest, MediaSummary } from "../../domain/manifest.ts";
import { manifestName } from "../../domain/naming.ts";
import { decompressor } from "../codec/decompress.ts";
import { parseManifest } from "../manifest.ts";
import { untar } from "../media/untar.ts";
import { Meter } from "../meter.ts";
import type { Storage } from "../storage/storage.ts";
import { type ArchiveCount, checkedEntries } from "./archive-policy.ts";
import { contentOf, encryptedUpload, formatName, type Wrapping, wrappingOf } from "./detect.ts";
import { type DownloadFile, downloadStorage, readDownload } from "./download-file.ts";
import { Refused, refusalOf } from "./refused.ts";
import { type SqlInspection, SqlInspector } from "./sql-inspector.ts";
import { unzip } from "./unzip.ts";

const headBytes = 64 * 1024;
/** More than this from a byte is no honest compression, once it is more than a gigabyte in all. */
const mostPerByte = 1000;
const ratioMatters = 1024 * 1024 * 1024;

type Found = Pick<Inspection, "format" | "findings" | "database" | "media" | "unpackedSize" | "collations" | "manifest">;

/** Inspects a whole file by its content alone. Refusals are findings; memory is flat. `roomBytes` is the most that it may unpack to. */
export async function inspectFile(path: string, roomBytes: number, signal: AbortSignal): Promise<Inspection> {
  const head = await readHead(path);
  const stored = new Meter();
  try {
    const wrapping = wrappingOf(head);
    const found =
      wrapping === "zip" ? await inspectZip(path, roomBytes, signal) : await inspectPacked(path, wrapping, stored, roomBytes, signal);
    const sha256 = stored.bytes > 0 ? stored.digest() : await hashOf(path, signal);
    return { ...found, sha256 };
  } catch (error) {
    signal.throwIfAborted();
    const refusal = refusalOf(error);
    if (refusal instanceof Refused) return refusedWith(refusal);
    throw refusal;
  }
}

export const refusedWith = ({ reason, message, hint, entry }: Refused): Inspection => ({
  format: null,
  findings: [{ reason, severity: "REFUSED", message, hint, line: null, entry, rewrite: null }],
  database: null,
  media: null,
  sha256: null,
  unpackedSize: 0,
  collations: [],
  manifest: null,
});

async function readHead(path: string): Promise<Buffer> {
  await using file = await open(path, "r");
  const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
  return buffer.subarray(0, bytesRead);
}

async function hashOf(path: string, signal: AbortSignal): Promise<string> {
  const meter = new Meter();
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), meter, async (bytes) => drain(bytes), { signal });
  return meter.digest();
}

async function drain(bytes: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of bytes);
}

async function inspectPacked(path: string, wrapping: Wrapping, stored: Meter, roomBytes: number, signal: AbortSignal): Promise<Found> {
  const download = wrapping === "NONE" ? await readDownload(path) : null;
  if (download) return inspectDownload(path, download, roomBytes, signal);
  let result: Found | null = null;
  await pipeline(
    createReadStream(path, { highWaterMark: 1024 * 1024 }),
    stored,
    decompressor(wrapping, signal),
    async (unpacked: AsyncIterable<Uint8Array>) => {
      result = await inspectUnpacked(
        limited(unpacked, roomBytes, () => stored.bytes),
        wrapping,
        signal,
      );
    },
    { signal },
  );
  return result ?? Promise.reject(new Error("The inspection ended without a result"));
}

/** Counts what is unpacked, and stops what would never end. */
async function* limited(bytes: AsyncIterable<Uint8Array>, roomBytes: number, stored: () => number): AsyncGenerator<Buffer, void> {
  let total = 0;
  for await (const piece of bytes) {
    total += piece.length;
    demandRoom(total, stored(), roomBytes);
    yield Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
  }
}

function demandRoom(total: number, stored: number, roomBytes: number): void {
  if (total > roomBytes)
    throw new Refused(
      "UNPACKED_TOO_LARGE",
      `The file unpacks to more than the ${formatBytes(roomBytes)} that are free here.`,
      "Free some space, or check that the file is what you think it is.",
    );
  if (total > ratioMatters && total > mostPerByte * stored)
    throw new Refused(
      "UNPACKED_TOO_LARGE",
      `The file unpacks to more than ${mostPerByte} times its size: it is made to fill the disk.`,
      "Check who made it. If it is honest, send it unpacked.",
    );
}

async function inspectUnpacked(bytes: AsyncIterable<Buffer>, wrapping: Wrapping, signal: AbortSignal): Promise<Found> {
  const source = bytes[Symbol.asyncIterator]();
  const head: Buffer[] = [];
  let size = 0;
  while (size < headBytes) {
    const next = await source.next();
    if (next.done) break;
    head.push(Buffer.from(next.value));
    size += next.value.length;
  }
  const first = Buffer.concat(head);
  if (first.length === 0)
    throw new Refused("EMPTY_DUMP", "There is nothing in the file.", "Choose a dump or an archive that holds something.");
  const content = contentOf(first);
  const meter = { bytes: 0 };
  async function* whole() {
    meter.bytes += first.length;
    yield first;
    for await (const piece of { [Symbol.asyncIterator]: () => source }) {
      meter.bytes += piece.length;
      yield piece;
    }
  }
  const format = formatName(content, wrapping);
  const nothing = { format, database: null, media: null, collations: [], manifest: null };
  if (content === "sql") {
    const { findings, database, collations } = await inspectSql(whole());
    return { ...nothing, findings, database, collations, unpackedSize: meter.bytes };
  }
  const { media, findings } = await inspectArchive(untar(whole(), signal), "refuse");
  return { ...nothing, findings, media, unpackedSize: meter.bytes };
}

async function inspectSql(bytes: AsyncIterable<Buffer>): Promise<SqlInspection> {
  const inspector = new SqlInspector();
  for await (const piece of bytes) {
    // What is refused is read to its end all the same: it may be damaged, which is the better thing to say.
    if (!inspector.enough) inspector.feed(piece);
  }
  return inspector.finish();
}

/** Reads every entry to its end, so that its size and its checksum are proved. */
async function inspectArchive(
  entries: Parameters<typeof checkedEntries>[0],
  links: "refuse" | "keep",
  room: (total: number) => void = () => {},
): Promise<{ media: MediaSummary; findings: Finding[] }> {
  const count: ArchiveCount = { files: 0, directories: 0, links: 0, bytes: 0, tops: new Set() };
  let total = 0;
  for await (const entry of checkedEntries(entries, count, links))
    for await (const piece of entry.body) {
      total += piece.length;
      room(total);
    }
  if (count.files + count.directories + count.links === 0)
    throw new Refused("EMPTY_ARCHIVE", "There is no file in the archive.", "Choose an archive that holds something.");
  const tops = [...count.tops];
  return {
    media: {
      roots: tops.slice(0, 200).map((prefix) => ({ path: prefix, prefix })),
      files: count.files,
      directories: count.directories,
      links: count.links,
      index: null,
      packs: null,
      problems: [],
    },
    findings: [],
  };
}

async function inspectZip(path: string, roomBytes: number, signal: AbortSignal): Promise<Found> {
  await using file = await open(path, "r");
  const { size } = await file.stat();
  let unpackedSize = 0;
  const { media, findings } = await inspectArchive(unzip(path, signal), "refuse", (total) => {
    unpackedSize = total;
    demandRoom(total, size, roomBytes);
  });
  return { format: "zip", findings, database: null, media, unpackedSize, collations: [], manifest: null };
}

async function inspectDownload(path: string, download: DownloadFile, roomBytes: number, signal: AbortSignal): Promise<Found> {
  const storage = downloadStorage(path, download);
  const manifest = await readDownloadManifest(storage, download.folder);
  const [sealed] = manifest.encrypted ? manifest.artifacts : [];
  if (sealed) throw encryptedUpload("The files of this downloaded backup are", `${sealed.name} > ${sealed.name.replace(/\.age$/, "")}`);
  const findings: Finding[] = [describeDownload(manifest)];
  let collations: readonly string[] = [];
  /** Reads one of its files, which is what the manifest says or Refused. */
  const read = async (
    { name, storedSize, sha256 }: Pick<Artifact, "name" | "storedSize" | "sha256">,
    use: (bytes: AsyncIterable<Buffer>) => Promise<void>,
  ) => {
    const stored = new Meter();
    if ((await storage.size(`${download.folder}/${name}`)) === null)
      throw new Refused("MANIFEST_INVALID", `${name} is missing in the downloaded backup.`, "Download the whole backup again.");
    const unpack = decompressor(manifest.compression, signal);
    await pipeline(
      await storage.get(`${download.folder}/${name}`),
      stored,
      unpack,
      (bytes: AsyncIterable<Uint8Array>) => use(limited(bytes, roomBytes, () => stored.bytes)),
      { signal },
    );
    if (stored.bytes === storedSize && stored.digest() === sha256) return;
    throw new Refused("ARCHIVE_CORRUPT", `${name} is not what its manifest says: its checksum differs.`, "Download the backup again.", {
      entry: name,
    });
  };
  for (const artifact of manifest.artifacts)
    await read(artifact, async (bytes) => {
      if (artifact.part === "media") {
        await inspectArchive(untar(bytes, signal), "keep");
        return;
      }
      const found = await inspectSql(bytes);
      findings.push(...found.findings);
      collations = found.collations;
    });
  if (manifest.media?.index) await read(manifest.media.index, drain);
  const { database, media } = manifest;
  const unpackedSize = manifest.artifacts.reduce((sum, { size }) => sum + size, 0);
  return { format: "holdfast", findings, database, media, unpackedSize, collations, manifest };
}

async function readDownloadManifest(storage: Storage, folder: string): Promise<Manifest> {
  const pieces: Buffer[] = [];
  const name = `${folder}/${manifestName}`;
  if (((await storage.size(name)) ?? 0) > 64 * 1024 * 1024)
    throw new Refused("MANIFEST_INVALID", "The manifest is too large to be one.", "Download the backup again.");
  for await (const piece of await storage.get(name)) pieces.push(piece);
  try {
    return parseManifest(Buffer.concat(pieces).toString(), "the upload");
  } catch (error) {
    throw new Refused("MANIFEST_INVALID", error instanceof Error ? error.message : String(error), "Download the backup again.", {
      cause: error,
    });
  }
}

const describeDownload = (manifest: Manifest): Finding => ({
  reason: "HOLDFAST_BACKUP",
  severity: "NOTE",
  message: `This is ${manifest.name}, a backup of ${manifest.source.name} by ${manifest.generator}, with ${formatCount(manifest.artifacts.length, "artifact")}.`,
  hint: null,
  line: null,
  entry: null,
  rewrite: null,
});
