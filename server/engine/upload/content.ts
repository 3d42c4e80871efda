import { createReadStream } from "node:fs";
import { basename } from "node:path";
import { pipeline } from "node:stream/promises";
import { badInput, Failure } from "../../domain/errors.ts";
import type { Inspection, Rewrites } from "../../domain/inspection.ts";
import type { DatabaseSummary, MediaSummary } from "../../domain/manifest.ts";
import { decompressor } from "../codec/decompress.ts";
import type { Content, DatabaseContent, MediaContent, MediaMeasure } from "../content.ts";
import { filtered } from "../media/selection.ts";
import { type TarEntry, untar } from "../media/untar.ts";
import { Meter } from "../meter.ts";
import type { Running } from "../part.ts";
import { contentOf as contentOfBackup } from "../stored-content.ts";
import { checkedEntries } from "./archive-policy.ts";
import type { Wrapping } from "./detect.ts";
import { downloadStorage, readDownload } from "./download-file.ts";
import { failureOf, Refused } from "./refused.ts";
import { rewritten } from "./sql-rewrite.ts";
import { unzip } from "./unzip.ts";

/** An upload that was inspected and that nothing forbids to restore. */
export interface UploadedFile {
  readonly path: string;
  /** What people call it. */
  readonly filename: string;
  readonly inspection: Inspection;
}

/**
 * What uploads hold together: a dump, an archive, one of each, or a backup that was downloaded from a Holdfast.
 * `mediaPaths` are the target's, to find the archive's folders in. Throws BAD_USER_INPUT for any other choice of files.
 */
export async function uploadedContent(files: readonly UploadedFile[], rewrites: Rewrites, mediaPaths: readonly string[]): Promise<Content> {
  const download = files.find(({ inspection }) => inspection.manifest);
  if (download) return downloadedContent(files, download, rewrites);
  const [dump, archive] = [files.filter(({ inspection }) => inspection.database), files.filter(({ inspection }) => inspection.media)];
  if (dump.length > 1 || archive.length > 1 || files.length === 0)
    throw badInput("A restore takes one dump, one archive, or one of each.", "Choose the uploads accordingly.");
  return {
    database: dump[0] ? uploadedDump(dump[0], rewrites) : null,
    media: archive[0] ? uploadedArchive(archive[0], mediaPaths) : null,
  };
}

async function downloadedContent(
  files: readonly UploadedFile[],
  { path, inspection, filename }: UploadedFile,
  rewrites: Rewrites,
): Promise<Content> {
  const found = await readDownload(path);
  if (files.length > 1) throw badInput("A downloaded backup holds all that is restored.", "Choose it alone.");
  if (!found || !inspection.manifest) throw altered(filename);
  const { database, media } = contentOfBackup({
    storage: downloadStorage(path, found),
    folder: found.folder,
    manifest: inspection.manifest,
  });
  return {
    // What was inspected is the file as it is read from its beginning to its end, so it is loaded like that.
    database: database && { ...database, open: (tables, signal) => rewritten(database.open(tables, signal), rewrites), rows: null },
    media,
  };
}

function uploadedDump(file: UploadedFile, rewrites: Rewrites): DatabaseContent {
  const { inspection } = file;
  return {
    summary: mapped(inspection.database, rewrites),
    verify: (_tables, running, observe) => verifyHash(file, running, observe),
    open: (_tables, signal) => rewritten(unpacked(file, signal), rewrites),
    size: () => inspection.unpackedSize,
    rows: null,
  };
}

/** The collation of the database itself is set by the summary. */
function mapped(summary: DatabaseSummary | null, { collations }: Rewrites): DatabaseSummary {
  if (!summary) throw new Error("A dump without a summary");
  return {
    ...summary,
    collation: collations.find(({ from }) => from.toLowerCase() === summary.collation.toLowerCase())?.to ?? summary.collation,
  };
}

const wrappings: Readonly<Record<string, Wrapping>> = { gz: "GZIP", zst: "ZSTD" };
const wrappingOf = ({ inspection }: UploadedFile): Wrapping => wrappings[inspection.format?.split(".")[1] ?? ""] ?? "NONE";

/** The unpacked bytes; what is not the inspected file any more ends with ARTIFACT_CORRUPT. */
async function* unpacked(file: UploadedFile, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
  const [source, meter] = [createReadStream(file.path, { highWaterMark: 256 * 1024 }), new Meter()];
  try {
    const fed = pipeline(source, meter, { signal });
    fed.catch(() => {});
    yield* decompressor(wrappingOf(file), signal)(meter);
    await fed;
    if (meter.digest() !== file.inspection.sha256) throw altered(file.filename);
  } finally {
    source.destroy();
    meter.destroy();
  }
}

async function verifyHash(
  { path, filename, inspection }: UploadedFile,
  { signal, say }: Running,
  observe: (stored: number) => void,
): Promise<void> {
  const meter = new Meter();
  await pipeline(
    createReadStream(path, { highWaterMark: 1024 * 1024 }),
    meter,
    async (bytes: AsyncIterable<Uint8Array>) => {
      for await (const _ of bytes) observe(meter.bytes);
    },
    { signal },
  );
  if (meter.digest() !== inspection.sha256) throw altered(filename);
  say("INFO", `${filename} is whole, and as it was inspected.`);
}

const altered = (filename: string) =>
  new Failure(
    "ARTIFACT_CORRUPT",
    `${filename} is not what was inspected any more.`,
    "Send the file again, and check the disk of Holdfast's home folder.",
  );

function uploadedArchive(file: UploadedFile, mediaPaths: readonly string[]): MediaContent {
  const found = file.inspection.media;
  if (!found) throw new Error("An archive without a summary");
  const roots = rootsOf(found, mediaPaths);
  const prefix = roots === null ? `${wholePrefix}/` : "";
  const summary = { ...found, roots: roots ?? [{ path: mediaPaths[0] ?? "", prefix: wholePrefix }] };
  async function* all(signal: AbortSignal): AsyncGenerator<TarEntry, void> {
    const count = { files: 0, directories: 0, links: 0, bytes: 0, tops: new Set<string>() };
    const source = file.inspection.format === "zip" ? unzip(file.path, signal) : untar(unpacked(file, signal), signal);
    try {
      for await (const entry of checkedEntries(source, count, "refuse")) {
        yield { ...entry, name: `${prefix}${entry.name}` };
      }
    } catch (error) {
      throw error instanceof Refused ? failureOf(error) : error;
    }
  }
  const entries = (paths: readonly string[] | null, signal: AbortSignal) => (paths ? filtered(all(signal), paths) : all(signal));
  return {
    summary,
    verify: (_paths, running, observe) => verifyHash(file, running, observe),
    entries,
    measure: (paths) =>
      paths === null ? Promise.resolve(whole(found, file.inspection.unpackedSize)) : measured(entries(paths, new AbortController().signal)),
  };
}

/** An archive that is not laid out as the target's media folders goes into the only one as it is. */
const wholePrefix = "files";

/** The target's media folders, where the archive's top folders are called as these are; null where they are not. */
function rootsOf({ roots }: MediaSummary, mediaPaths: readonly string[]): MediaSummary["roots"] | null {
  const known = new Map(mediaPaths.map((path) => [basename(path), path]));
  if (known.size !== mediaPaths.length || roots.length === 0) return null;
  const found = roots.map(({ prefix }) => ({ prefix, path: known.get(prefix) ?? "" }));
  return found.every(({ path }) => path !== "") ? found : null;
}

const whole = ({ files, directories, links }: MediaSummary, bytes: number): MediaMeasure => ({ files, directories, links, bytes });

async function measured(entries: AsyncIterable<TarEntry>): Promise<MediaMeasure> {
  const measure = { files: 0, directories: 0, links: 0, bytes: 0 };
  for await (const { kind, size, body } of entries) {
    if (kind === "directory") measure.directories += 1;
    else measure.files += 1;
    measure.bytes += size;
    for await (const _ of body);
  }
  return measure;
}
