import { crc32 } from "node:zlib";
import { type Entry, getFileNameLowLevel, openPromise, type ZipFile } from "yauzl";
import type { TarEntry } from "../media/untar.ts";
import { corruptArchive, Refused, refusedEntry } from "./refused.ts";

/**
 * The entries of a zip in the order of its list, as a tar's would come. One that is cut, altered, encrypted, packed in an
 * odd way, or whose entries share bytes, is Refused.
 */
export async function* unzip(path: string, signal: AbortSignal): AsyncGenerator<TarEntry, void> {
  const zip = await openZip(path);
  const ranges: Range[] = [];
  try {
    for await (const entry of entriesOf(zip)) {
      signal.throwIfAborted();
      const name = getFileNameLowLevel(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, true);
      if (entry.isEncrypted()) throw refusedEntry("ARCHIVE_UNSUPPORTED", name, "is encrypted");
      if (entry.compressionMethod !== 0 && entry.compressionMethod !== 8)
        throw refusedEntry("ARCHIVE_UNSUPPORTED", name, `is packed by method ${entry.compressionMethod}, which few programs know`);
      ranges.push({
        name,
        from: entry.relativeOffsetOfLocalHeader,
        to: entry.relativeOffsetOfLocalHeader + 30 + entry.fileNameRaw.length + entry.compressedSize,
      });
      yield tarEntry(zip, entry, name);
    }
    refuseOverlap(ranges);
  } finally {
    zip.close();
  }
}

interface Range {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

async function openZip(path: string): Promise<ZipFile> {
  try {
    return await openPromise(path, { autoClose: false, decodeStrings: false, validateEntrySizes: true });
  } catch (error) {
    throw corruptArchive(`the zip's list of entries cannot be read (${messageFor(error)})`, error);
  }
}

async function* entriesOf(zip: ZipFile): AsyncGenerator<Entry, void> {
  const entries = zip.eachEntry();
  for (;;) {
    const next = await entries.next().catch((error: unknown) => {
      throw corruptArchive(`the zip's list of entries is wrong (${messageFor(error)})`, error);
    });
    if (next.done) return;
    yield next.value;
  }
}

function tarEntry(zip: ZipFile, entry: Entry, name: string): TarEntry {
  const unix = entry.versionMadeBy >> 8 === 3 ? entry.externalFileAttributes >>> 16 : 0;
  const type = unix & 0o170000;
  if (type !== 0 && type !== 0o100000 && type !== 0o040000 && type !== 0o120000)
    throw refusedEntry("ARCHIVE_UNSUPPORTED", name, "is neither a file nor a folder");
  const directory = name.endsWith("/") || type === 0o040000;
  const kind = type === 0o120000 ? "link" : directory ? "directory" : "file";
  return {
    name,
    kind,
    size: entry.uncompressedSize,
    mode: unix & 0o777 || (directory ? 0o755 : 0o644),
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    mtime: entry.getLastModDate().getTime() / 1000,
    target: kind === "link" ? "another place" : "",
    body: bodyOf(zip, entry, name),
  };
}

async function* bodyOf(zip: ZipFile, entry: Entry, name: string): AsyncGenerator<Uint8Array, void> {
  let sum = 0;
  try {
    const stream = await zip.openReadStreamPromise(entry);
    for await (const piece of stream) {
      sum = crc32(piece, sum);
      yield piece;
    }
  } catch (error) {
    throw error instanceof Refused ? error : refusedEntry("ARCHIVE_CORRUPT", name, `cannot be unpacked (${messageFor(error)})`);
  }
  if (sum !== entry.crc32) throw refusedEntry("ARCHIVE_CORRUPT", name, "is not what was packed: its checksum differs");
}

/** Entries that share bytes are how a small zip unpacks to petabytes. */
function refuseOverlap(ranges: readonly Range[]): void {
  const sorted = ranges.toSorted((a, b) => a.from - b.from);
  for (const [index, range] of sorted.entries()) {
    const next = sorted[index + 1];
    if (next && range.to > next.from) throw refusedEntry("ARCHIVE_UNSUPPORTED", next.name, "shares its bytes with another entry");
  }
}

const messageFor = (error: unknown) => (error instanceof Error ? error.message.replace(/\.$/, "") : String(error)).slice(0, 200);
