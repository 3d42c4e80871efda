import { pipeline } from "node:stream/promises";
import { formatCount } from "../../../shared/format.ts";
import type { Finding } from "../../domain/inspection.ts";
import type { Artifact, Manifest } from "../../domain/manifest.ts";
import { manifestName } from "../../domain/naming.ts";
import { decompressor } from "../codec/decompress.ts";
import { parseManifest } from "../manifest.ts";
import { untar } from "../media/untar.ts";
import { Meter } from "../meter.ts";
import type { Storage } from "../storage/storage.ts";
import { encryptedUpload } from "./detect.ts";
import { type DownloadFile, downloadStorage, mediaTarName, packedAs, readFirst } from "./download-file.ts";
import { type Found, inspectArchive, inspectSql, limited } from "./inspect-content.ts";
import { Refused } from "./refused.ts";
import type { SqlInspection } from "./sql-inspector.ts";

/** Inspects a whole backup that was downloaded with its manifest: every byte is proved by that. */
export async function inspectDownload(path: string, download: DownloadFile, roomBytes: number, signal: AbortSignal): Promise<Found> {
  const storage = downloadStorage(path, download);
  const manifest = await readDownloadManifest(storage, download.folder);
  if (manifest.media?.packs) throw asStored(manifest);
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

/** Inspects a downloaded incremental backup: its media as a tar, and its dump where it has one. There is no manifest to prove them by. */
export async function inspectParts(path: string, parts: DownloadFile, roomBytes: number, signal: AbortSignal): Promise<Found> {
  const storage = downloadStorage(path, parts);
  const findings: Finding[] = [describeParts(parts)];
  const found: { sql: SqlInspection | null; media: Found["media"]; bytes: number } = { sql: null, media: null, bytes: 0 };
  for (const name of parts.files.keys()) {
    const stored = new Meter();
    async function* counted(bytes: AsyncIterable<Uint8Array>) {
      for await (const piece of limited(bytes, roomBytes, () => stored.bytes)) {
        found.bytes += piece.length;
        yield piece;
      }
    }
    const use = async (bytes: AsyncIterable<Uint8Array>) => {
      if (name === mediaTarName) found.media = (await inspectArchive(untar(counted(bytes), signal), "keep")).media;
      else found.sql = await inspectSql(counted(bytes));
    };
    const unpack = decompressor(packedAs(name), signal);
    await pipeline(await storage.get(`${parts.folder}/${name}`), stored, unpack, use, { signal });
  }
  const { sql, media, bytes: unpackedSize } = found;
  const { database = null, collations = [] } = sql ?? {};
  findings.push(...(sql?.findings ?? []));
  return { format: "holdfast", findings, database, media, unpackedSize, collations, manifest: null };
}

/** Refuses a download of an incremental backup as it is stored: nothing of it is of use before its packs are put together. */
export async function refuseAsStored(path: string): Promise<void> {
  const first = await readFirst(path);
  if (!first || !/^[^/]+\/[^/]+\/manifest\.json$/.test(first.name)) return;
  let manifest: Manifest;
  try {
    manifest = parseManifest(first.bytes.toString(), "the upload");
  } catch {
    return;
  }
  if (manifest.media?.packs) throw asStored(manifest);
}

function asStored({ encrypted, database }: Manifest): Refused {
  const reader = `node read-incremental.mjs ${encrypted ? "--key key.txt " : ""}FOLDER MANIFEST --tar > media.tar`;
  const dump = encrypted && database ? ", and its dump decrypted: age -d -i key.txt FILE.age > FILE" : "";
  return new Refused(
    encrypted ? "ENCRYPTED" : "PACKS",
    `These are the files of an incremental backup as they are stored${encrypted ? ", encrypted with age" : ""}: its media are in packs.`,
    `Unpack it, and send the tar that the reader of Holdfast's documentation makes of it: ${reader}${dump}`,
  );
}

const describeParts = ({ files }: DownloadFile): Finding => ({
  ...{ reason: "HOLDFAST_BACKUP", severity: "NOTE", hint: null, line: null, entry: null, rewrite: null },
  message: `This is an incremental backup that was downloaded from a Holdfast: ${[...files.keys()].join(" and ")}.`,
});

async function drain(bytes: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of bytes);
}
