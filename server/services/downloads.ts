import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import type { ExportFormat } from "../../shared/enums.ts";
import type { BackupRow } from "../db/backups.ts";
import type { Db } from "../db/client.ts";
import { findDownload, insertDownload, removeDownloads } from "../db/downloads.ts";
import { type Actor, allow, describeActor } from "../domain/access.ts";
import { attachmentName } from "../domain/attachment-name.ts";
import { badInput, Failure } from "../domain/errors.ts";
import type { BackupId } from "../domain/ids.ts";
import type { Manifest } from "../domain/manifest.ts";
import { abortable } from "../engine/abortable.ts";
import { bundle } from "../engine/bundle.ts";
import { exportMedia } from "../engine/media/export.ts";
import { contentOf } from "../engine/stored-content.ts";
import type { Bus } from "../events/bus.ts";
import { createAttempts } from "./attempts.ts";
import type { Audit } from "./audit.ts";
import type { BackupFiles } from "./backup-files.ts";
import type { Backups } from "./backups.ts";
import { asStored, type DownloadEntry, entryOf, incrementalOf, mediaTar, wholeBackup } from "./download-contents.ts";
import { createReadings, type Reading, type ReadingLimits, usualReadingLimits } from "./readings.ts";
import type { StoredBackups } from "./stored-backups.ts";

/** A link that needs no other credential; `path` is relative to the public URL. */
export interface DownloadLink {
  readonly path: string;
  readonly filename: string;
  readonly size: number;
  readonly expiresAt: Date;
}

/** Something to stream: its whole size, and its bytes from `start` to `end` inclusive. */
export interface DownloadBody {
  readonly filename: string;
  readonly size: number;
  readonly etag: string;
  /** Aborting `signal` ends the stream, and what it reads from the storage, at once. */
  read(start: number, end: number, signal: AbortSignal): Promise<Readable>;
}

/** What a link leads to, for as long as it works. */
export interface OpenLink {
  readonly filename: string;
  /** Looks at what is stored, without reading it. */
  body(): Promise<DownloadBody>;
  /** Takes the backup into use before it is read; null when its deletion has begun meanwhile. Throws where too many read. */
  begin(): Promise<Reading | null>;
}

interface Dependencies {
  readonly catalog: Db;
  readonly backups: Pick<Backups, "existing" | "manifestOf">;
  readonly backupFiles: BackupFiles;
  readonly storedBackups: Pick<StoredBackups, "raw" | "open">;
  readonly bus: Bus;
  readonly audit: Audit;
  readonly now: () => Date;
  readonly onError: (error: unknown) => void;
  readonly limits?: ReadingLimits;
}

/** Long enough to resume a large download after a pause; the link itself is what may be shared by mistake. */
const lifetimeMilliseconds = 60 * 60 * 1000;

/** A person, or a script that saves every artifact of a few hundred backups, makes fewer. */
const creations = { max: 300, window: 15 * 60 };

export type Downloads = ReturnType<typeof createDownloads>;

/** What of a backup is wanted: one artifact, one file of the media, or all of it with neither. */
export interface Wanted {
  readonly artifact: string | null;
  readonly path: string | null;
}

/** Links to what is stored: one artifact as it is (a list of chunks as the tar that it stands for), one file out of the media, or the whole backup as one tar with its manifest. */
export function createDownloads(dependencies: Dependencies) {
  const { catalog, backups, backupFiles, storedBackups, bus, audit, now, onError, limits = usualReadingLimits } = dependencies;
  const attempts = createAttempts(now);
  const readings = createReadings({ catalog, bus, now, onError, limits });

  async function openFile(backup: BackupRow, path: string): Promise<DownloadBody> {
    const file = await backupFiles.file(backup, path);
    return {
      filename: attachmentName(path.slice(path.lastIndexOf("/") + 1)),
      size: file.size,
      etag: etagOf(backup.id, `file ${path}`),
      read: async (start, end, signal) => Readable.from(file.read(start, end + 1, signal), { objectMode: false }),
    };
  }

  /** Several files as one tar. */
  function bodyOf(backup: BackupRow, entries: readonly DownloadEntry[], filename: string, what: string): DownloadBody {
    const mtime = backup.finishedAt ?? backup.createdAt;
    const tar = bundle(entries.map((entry) => ({ ...entry, mtime })));
    return {
      ...{ filename, size: tar.size, etag: etagOf(backup.id, what) },
      read: async (start, end, signal) => Readable.from(abortable(tar.read(start, end, signal), signal), { objectMode: false }),
    };
  }

  async function open(backup: BackupRow, { artifact, path }: Wanted): Promise<DownloadBody> {
    if (path !== null) return openFile(backup, path);
    const [storage, manifest] = [await storedBackups.raw(backup), await backups.manifestOf(backup.id)];
    const opening = (known: Manifest) => storedBackups.open(backup, known);
    if (artifact === null)
      return bodyOf(backup, await wholeBackup({ backup, manifest, storage, open: opening }), fileNameOf(backup, null), "*");
    const listed = manifest?.artifacts.find(({ name }) => name === artifact)?.part === "media" ? incrementalOf(manifest) : null;
    if (listed?.encryption)
      return bodyOf(backup, await asStored(storage, backup, listed), fileNameOf(backup, "media.chunks.tar"), artifact);
    const { size, open: read } = listed
      ? await mediaTar(await opening(listed), "media.tar")
      : await entryOf(storage, `${backup.folder}/${artifact}`, artifact);
    const filename = fileNameOf(backup, listed ? "media.tar" : artifact);
    return { filename, size, etag: etagOf(backup.id, artifact), read: (start, end) => read({ start, end }) };
  }

  function checkRate(actor: Actor): void {
    const seconds = attempts.take(describeActor(actor), creations);
    if (seconds > 0)
      throw new Failure(
        "FORBIDDEN",
        `You have made ${creations.max} download links within ${creations.window / 60} minutes, which is the most.`,
        `Make the next one in ${seconds} seconds, or use those that you have: each works for an hour.`,
        { reason: "RATE_LIMITED" },
      );
  }

  return {
    async create(actor: Actor | null, backupId: BackupId, { artifact, path }: Wanted): Promise<DownloadLink> {
      allow(actor, "download");
      checkRate(actor);
      const backup = await backups.existing(backupId);
      if (backup.status !== "COMPLETED") throw badInput(`${backup.name} is not complete, so there is nothing to download.`);
      if (artifact !== null && !backup.artifacts.some(({ name }) => name === artifact))
        throw badInput(
          `${backup.name} has no artifact named ${artifact}.`,
          `It has ${backup.artifacts.map(({ name }) => name).join(" and ")}.`,
        );
      if (artifact !== null && path !== null) throw badInput("A download is one artifact or one file.", "Leave `artifact` or `path` out.");
      const { filename, size } = await open(backup, { artifact, path });
      const token = randomBytes(32).toString("base64url");
      const expiresAt = new Date(now().getTime() + lifetimeMilliseconds);
      await insertDownload(
        catalog,
        { tokenHash: hashOf(token), backupId, artifact, path, filename, expiresAt, actor: describeActor(actor) },
        now(),
      );
      await audit.record(actor, "download.create", backup.name, { id: backupId, artifact, path });
      return { path: `/downloads/${token}/${encodeURIComponent(filename)}`, filename, size, expiresAt };
    },

    /**
     * Files of a backup as one archive that any desktop opens, in the clear; `paths` as the backup lists them, null for all.
     * The backup is in use until it is disposed of.
     */
    async exportMedia(
      actor: Actor | null,
      backupId: BackupId,
      { paths, format }: { readonly paths: readonly string[] | null; readonly format: ExportFormat },
      signal: AbortSignal,
    ): Promise<AsyncDisposable & { readonly bytes: Readable }> {
      allow(actor, "download");
      const backup = await backups.existing(backupId);
      const manifest = await backups.manifestOf(backupId);
      if (backup.status !== "COMPLETED" || !manifest?.media)
        throw badInput(`${backup.name} holds no media.`, "Choose a complete backup of the type MEDIA or FULL.");
      const { media } = contentOf(await storedBackups.open(backup, manifest));
      if (!media) throw badInput(`${backup.name} holds no media.`);
      // Also finds out that a path is not there, before anything is written.
      await media.measure(paths);
      const tokenHash = hashOf(randomBytes(32).toString("base64url"));
      const row = { tokenHash, backupId, artifact: null, path: null, filename: fileNameOf(backup, null) };
      const expiresAt = new Date(now().getTime() + lifetimeMilliseconds);
      await insertDownload(catalog, { ...row, expiresAt, actor: describeActor(actor) }, now());
      const reading = await readings.begin(tokenHash, backupId);
      if (!reading) throw new Failure("NOT_FOUND", `${backup.name} is being deleted.`);
      await audit.record(actor, "backup.export", backup.name, { id: backupId, paths });
      const either = AbortSignal.any([signal, reading.signal]);
      return {
        bytes: exportMedia(media.entries(paths, either), format, either),
        [Symbol.asyncDispose]: () => reading[Symbol.asyncDispose](),
      };
    },

    /** What the link stands for; null when it stands for nothing (any more). */
    async open(token: string, filename: string): Promise<OpenLink | null> {
      if (!tokenForm.test(token)) return null;
      const row = await findDownload(catalog, hashOf(token), now());
      if (!row || row.filename !== filename) return null;
      return {
        filename: row.filename,
        body: async () => open(await backups.existing(row.backupId), row),
        begin: () => readings.begin(row.tokenHash, row.backupId),
      };
    },

    /** Takes all links to a backup away, and ends what is read through them; how many still worked. */
    async revoke(actor: Actor | null, backupId: BackupId): Promise<number> {
      allow(actor, "download");
      const { name } = await backups.existing(backupId);
      const revoked = await removeDownloads(catalog, backupId, now());
      readings.endAll(backupId);
      await audit.record(actor, "download.revoke", name, { id: backupId, links: revoked });
      return revoked;
    },
  };
}

const tokenForm = /^[\w-]{43}$/;
const hashOf = (token: string) => createHash("sha256").update(token).digest("hex");

/** Artifacts never change once stored, so their names are enough to tell a resumed download that it is the same. */
const etagOf = (id: string, name: string) => `"${createHash("sha256").update(`${id} ${name}`).digest("base64url").slice(0, 27)}"`;

/** `shop-2026-11-22T03-00-00Z-full-1b4e28ba.tar`, or with the artifact's own name behind. */
function fileNameOf(backup: BackupRow, artifact: string | null): string {
  const base = backup.folder.replace("/", "-");
  return artifact === null ? `${base}.tar` : `${base}-${artifact}`;
}
