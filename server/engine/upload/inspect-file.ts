import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import type { Inspection } from "../../domain/inspection.ts";
import { decompressor } from "../codec/decompress.ts";
import { untar } from "../media/untar.ts";
import { Meter } from "../meter.ts";
import { contentOf, formatName, type Wrapping, wrappingOf } from "./detect.ts";
import { readDownload, readParts } from "./download-file.ts";
import { demandRoom, type Found, inspectArchive, inspectSql, limited } from "./inspect-content.ts";
import { inspectDownload, inspectParts, refuseAsStored } from "./inspect-download.ts";
import { Refused, refusalOf } from "./refused.ts";
import { unzip } from "./unzip.ts";

const headBytes = 64 * 1024;

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
  if (wrapping === "NONE") {
    const [download, parts] = [await readDownload(path), await readParts(path)];
    if (download) return inspectDownload(path, download, roomBytes, signal);
    if (parts) return inspectParts(path, parts, roomBytes, signal);
    await refuseAsStored(path);
  }
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
