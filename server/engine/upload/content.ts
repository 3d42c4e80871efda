import { badInput } from "../../domain/errors.ts";
import type { Rewrites } from "../../domain/inspection.ts";
import type { DatabaseSummary } from "../../domain/manifest.ts";
import type { Content, DatabaseContent } from "../content.ts";
import { contentOf as contentOfBackup } from "../stored-content.ts";
import { downloadStorage, mediaTarName, type PlaceInTar, readDownload, readParts } from "./download-file.ts";
import { rewritten } from "./sql-rewrite.ts";
import { uploadedArchive } from "./uploaded-archive.ts";
import { altered, type UploadedFile, unpacked, verifyHash } from "./uploaded-file.ts";

/**
 * What uploads hold together: a dump, an archive, one of each, or a backup that was downloaded from a Holdfast.
 * `mediaPaths` are the target's, to find the archive's folders in. Throws BAD_USER_INPUT for any other choice of files.
 */
export async function uploadedContent(files: readonly UploadedFile[], rewrites: Rewrites, mediaPaths: readonly string[]): Promise<Content> {
  const download = files.find(({ inspection }) => inspection.manifest);
  if (download) return downloadedContent(files, download, rewrites);
  const parts = files.find(({ inspection }) => inspection.format === "holdfast");
  if (parts) return contentOfParts(files, parts, rewrites, mediaPaths);
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

/** What a downloaded incremental backup holds, whose parts lie in a tar without a manifest. */
async function contentOfParts(
  files: readonly UploadedFile[],
  file: UploadedFile,
  rewrites: Rewrites,
  mediaPaths: readonly string[],
): Promise<Content> {
  const found = await readParts(file.path);
  if (files.length > 1) throw badInput("A downloaded backup holds all that is restored.", "Choose it alone.");
  if (!found) throw altered(file.filename);
  const { inspection } = file;
  const media = found.files.get(mediaTarName) ?? { at: 0, size: 0 };
  const part = (name: string, place: PlaceInTar, unpackedSize: number): UploadedFile => ({
    ...file,
    ...{ inspection: { ...inspection, unpackedSize }, part: { name, ...place } },
  });
  const dump = [...found.files].find(([name]) => name !== mediaTarName);
  return {
    database: dump && inspection.database ? uploadedDump(part(...dump, inspection.unpackedSize - media.size), rewrites) : null,
    media: inspection.media && uploadedArchive(part(mediaTarName, media, media.size), mediaPaths),
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
