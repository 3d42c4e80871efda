import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { ExportFormat } from "../../shared/enums.ts";
import type { BackupRow } from "../db/backups.ts";
import { attachmentName } from "../domain/attachment-name.ts";
import { badInput } from "../domain/errors.ts";
import type { Manifest } from "../domain/manifest.ts";
import { downloadName, exportName } from "../domain/naming.ts";
import { abortable } from "../engine/abortable.ts";
import { bundle } from "../engine/bundle.ts";
import type { MediaContent } from "../engine/content.ts";
import { exportMedia } from "../engine/media/export.ts";
import { contentOf } from "../engine/stored-content.ts";
import type { BackupFiles } from "./backup-files.ts";
import type { Backups } from "./backups.ts";
import { asStored, type DownloadEntry, entryOf, incrementalOf, mediaTar, wholeBackup } from "./download-contents.ts";
import type { StoredBackups } from "./stored-backups.ts";

/** Files of the media as one archive, in the clear; `paths` as the backup lists them, null for all. */
export interface WantedArchive {
  readonly paths: readonly string[] | null;
  readonly format: ExportFormat;
}

/** What of a backup is wanted: one artifact, one file of the media, an archive of some, or all of the backup with none of them. */
export interface Wanted {
  readonly artifact: string | null;
  readonly path: string | null;
  readonly archive: WantedArchive | null;
}

/** Something to stream. */
export type DownloadBody = RangedBody | StreamedBody;

/** Its whole size, and its bytes from `start` to `end` inclusive. Aborting `signal` ends the stream, and what it reads from the storage, at once. */
export interface RangedBody {
  readonly filename: string;
  readonly size: number;
  readonly etag: string;
  read(start: number, end: number, signal: AbortSignal): Promise<Readable>;
}

/** What is made while it is sent: only from its beginning, and its size is known at its end. It fails rather than end early. */
export interface StreamedBody {
  readonly filename: string;
  readonly size: null;
  stream(signal: AbortSignal): Readable;
}

interface Dependencies {
  readonly backups: Pick<Backups, "manifestOf">;
  readonly backupFiles: BackupFiles;
  readonly storedBackups: Pick<StoredBackups, "raw" | "open">;
}

/** Opens what is downloaded of a backup: looks at what is stored, without reading it. */
export function createDownloadBodies({ backups, backupFiles, storedBackups }: Dependencies) {
  async function openFile(backup: BackupRow, path: string): Promise<RangedBody> {
    const file = await backupFiles.file(backup, path);
    return {
      filename: attachmentName(path.slice(path.lastIndexOf("/") + 1)),
      size: file.size,
      etag: etagOf(backup.id, `file ${path}`),
      read: async (start, end, signal) => Readable.from(file.read(start, end + 1, signal), { objectMode: false }),
    };
  }

  /** Several files as one tar. */
  function bodyOf(backup: BackupRow, entries: readonly DownloadEntry[], filename: string, what: string): RangedBody {
    const mtime = backup.finishedAt ?? backup.createdAt;
    const tar = bundle(entries.map((entry) => ({ ...entry, mtime })));
    return {
      ...{ filename, size: tar.size, etag: etagOf(backup.id, what) },
      read: async (start, end, signal) => Readable.from(abortable(tar.read(start, end, signal), signal), { objectMode: false }),
    };
  }

  /** The media to take files out of. */
  async function mediaOf(backup: BackupRow): Promise<MediaContent> {
    const manifest = await backups.manifestOf(backup.id);
    const media = manifest?.media ? contentOf(await storedBackups.open(backup, manifest)).media : null;
    if (!media) throw badInput(`${backup.name} holds no media.`, "Choose a complete backup of the type MEDIA or FULL.");
    return media;
  }

  return {
    mediaOf,

    async open(backup: BackupRow, { artifact, path, archive }: Wanted): Promise<DownloadBody> {
      if (archive) {
        const media = await mediaOf(backup);
        const stream = (signal: AbortSignal) => exportMedia(media.entries(archive.paths, signal), archive.format, signal);
        return { filename: exportName(backup.folder, archive.paths, archive.format), size: null, stream };
      }
      if (path !== null) return openFile(backup, path);
      const [storage, manifest] = [await storedBackups.raw(backup), await backups.manifestOf(backup.id)];
      const opening = (known: Manifest) => storedBackups.open(backup, known);
      if (artifact === null)
        return bodyOf(backup, await wholeBackup({ backup, manifest, storage, open: opening }), downloadName(backup.folder, null), "*");
      const listed = manifest?.artifacts.find(({ name }) => name === artifact)?.part === "media" ? incrementalOf(manifest) : null;
      if (listed?.encryption)
        return bodyOf(backup, await asStored(storage, backup, listed), downloadName(backup.folder, "media.chunks.tar"), artifact);
      const { size, open: read } = listed
        ? await mediaTar(await opening(listed), "media.tar")
        : await entryOf(storage, `${backup.folder}/${artifact}`, artifact);
      const filename = downloadName(backup.folder, listed ? "media.tar" : artifact);
      return { filename, size, etag: etagOf(backup.id, artifact), read: (start, end) => read({ start, end }) };
    },
  };
}

/** Artifacts never change once stored, so their names are enough to tell a resumed download that it is the same. */
const etagOf = (id: string, name: string) => `"${createHash("sha256").update(`${id} ${name}`).digest("base64url").slice(0, 27)}"`;
