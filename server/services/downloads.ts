import { createHash, randomBytes } from "node:crypto";
import type { Readable } from "node:stream";
import type { BackupRow } from "../db/backups.ts";
import type { Db } from "../db/client.ts";
import { type DownloadRow, findDownload, insertDownload, takeDownload } from "../db/downloads.ts";
import { type Actor, allow, describeActor } from "../domain/access.ts";
import { badInput, Failure } from "../domain/errors.ts";
import type { BackupId } from "../domain/ids.ts";
import { exportName } from "../domain/naming.ts";
import { exportMedia } from "../engine/media/export.ts";
import type { Bus } from "../events/bus.ts";
import { createAttempts } from "./attempts.ts";
import type { Audit } from "./audit.ts";
import type { BackupFiles } from "./backup-files.ts";
import type { Backups } from "./backups.ts";
import { createDownloadBodies, type DownloadBody, type Wanted, type WantedArchive } from "./download-bodies.ts";
import { createDownloadLinks } from "./download-links.ts";
import { createReadings, type Reading, type ReadingLimits, usualReadingLimits } from "./readings.ts";
import type { StoredBackups } from "./stored-backups.ts";

/** A link that needs no other credential; `path` is relative to the public URL. */
export interface DownloadLink {
  readonly path: string;
  readonly filename: string;
  /** Null where it is not known beforehand. */
  readonly size: number | null;
  readonly expiresAt: Date;
}

/** What a link leads to, for as long as it works. */
export interface OpenLink {
  readonly filename: string;
  /** Looks at what is stored, without reading it. */
  body(): Promise<DownloadBody>;
  /** Takes the backup into use before it is read; null when its deletion has begun meanwhile. Throws where too many read. */
  begin(): Promise<Reading | null>;
  /** To be told when what it gave broke off in the middle. */
  broke(error: unknown): void;
}

interface Dependencies {
  readonly catalog: Db;
  readonly backups: Pick<Backups, "existing" | "manifestOf">;
  readonly backupFiles: BackupFiles;
  readonly storedBackups: Pick<StoredBackups, "raw" | "open">;
  readonly bus: Bus;
  readonly audit: Audit;
  readonly now: () => Date;
  readonly warn: (message: string) => void;
  readonly onError: (error: unknown) => void;
  readonly limits?: ReadingLimits;
}

/** Long enough to resume a large download after a pause; the link itself is what may be shared by mistake. */
const lifetimeMilliseconds = 60 * 60 * 1000;

/** Whoever chooses more chooses their folder. */
const mostPaths = 1000;

/** A person, or a script that saves every artifact of a few hundred backups, makes fewer. */
const creations = { max: 300, window: 15 * 60 };

export type Downloads = ReturnType<typeof createDownloads>;

/**
 * Links to what is stored: one artifact as it is (a list of chunks as the tar that it stands for), one file out of the media, an
 * archive of some or all of them, or the whole backup as one tar with its manifest.
 */
export function createDownloads(dependencies: Dependencies) {
  const { catalog, backups, backupFiles, storedBackups, bus, audit, now, warn, onError, limits = usualReadingLimits } = dependencies;
  const attempts = createAttempts(now);
  const readings = createReadings({ catalog, bus, now, onError, limits });
  const bodies = createDownloadBodies({ backups, backupFiles, storedBackups });
  const links = createDownloadLinks({ catalog, backups, readings, audit, now });

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

  /** Writes a link down, of which only its hash stays. */
  async function keep(actor: Actor, backupId: BackupId, { archive, ...one }: Wanted, filename: string) {
    const token = randomBytes(32).toString("base64url");
    const expiresAt = new Date(now().getTime() + lifetimeMilliseconds);
    const row = { tokenHash: hashOf(token), backupId, ...one, ...archive, filename, expiresAt, actor: describeActor(actor) };
    await insertDownload(catalog, row, now());
    return { token, expiresAt };
  }

  return {
    ...links,

    async create(actor: Actor | null, backupId: BackupId, wanted: Wanted): Promise<DownloadLink> {
      allow(actor, "download");
      checkRate(actor);
      const backup = await backups.existing(backupId);
      checkWanted(backup, wanted);
      // Also finds out that a path is not there, before anything is written.
      if (wanted.archive) await (await bodies.mediaOf(backup)).measure(wanted.archive.paths);
      const { filename, size } = await bodies.open(backup, wanted);
      const { token, expiresAt } = await keep(actor, backupId, wanted, filename);
      const { archive, ...one } = wanted;
      await audit.record(actor, "download.create", backup.name, { id: backupId, ...one, ...archive });
      return { path: `/downloads/${token}/${encodeURIComponent(filename)}`, filename, size, expiresAt };
    },

    /** Files of a backup as one archive for whoever sits at the machine. The backup is in use until it is disposed of. */
    async exportMedia(
      actor: Actor | null,
      backupId: BackupId,
      archive: WantedArchive,
      signal: AbortSignal,
    ): Promise<AsyncDisposable & { readonly bytes: Readable }> {
      allow(actor, "download");
      const backup = await backups.existing(backupId);
      const wanted = { artifact: null, path: null, archive };
      checkWanted(backup, wanted);
      const media = await bodies.mediaOf(backup);
      await media.measure(archive.paths);
      const { token } = await keep(actor, backupId, wanted, exportName(backup.folder, archive.paths, archive.format));
      const reading = await readings.begin(hashOf(token), backupId);
      if (!reading) throw new Failure("NOT_FOUND", `${backup.name} is being deleted.`);
      await audit.record(actor, "backup.export", backup.name, { id: backupId, paths: archive.paths });
      const either = AbortSignal.any([signal, reading.signal]);
      return {
        bytes: exportMedia(media.entries(archive.paths, either), archive.format, either),
        async [Symbol.asyncDispose]() {
          await reading[Symbol.asyncDispose]();
          // Nobody was given it, so nobody uses it again.
          await takeDownload(catalog, hashOf(token));
        },
      };
    },

    /** What the link stands for; null when it stands for nothing (any more). */
    async open(token: string, filename: string): Promise<OpenLink | null> {
      if (!tokenForm.test(token)) return null;
      const row = await findDownload(catalog, hashOf(token), now());
      if (!row || row.filename !== filename) return null;
      return {
        filename: row.filename,
        body: async () => bodies.open(await backups.existing(row.backupId), wantedOf(row)),
        begin: () => readings.begin(row.tokenHash, row.backupId),
        broke(error) {
          if (error instanceof Failure) warn(`The download of ${row.filename} broke off: ${error.message}`);
          else onError(error);
        },
      };
    },
  };
}

/** Refuses what no backup, or not this one, can give. */
function checkWanted(backup: BackupRow, { artifact, path, archive }: Wanted): void {
  if (backup.status !== "COMPLETED") throw badInput(`${backup.name} is not complete, so there is nothing to download.`);
  if (artifact !== null && !backup.artifacts.some(({ name }) => name === artifact))
    throw badInput(
      `${backup.name} has no artifact named ${artifact}.`,
      `It has ${backup.artifacts.map(({ name }) => name).join(" and ")}.`,
    );
  if ([artifact, path, archive].filter((each) => each !== null).length > 1)
    throw badInput(
      "A download is one artifact, one file, or one archive of files and folders.",
      "Leave all but one of `artifact`, `path` and `paths` out; `format` belongs to `paths`.",
    );
  const chosen = archive?.paths?.length;
  if (chosen === 0) throw badInput("No file or folder is chosen.", "Name some in `paths`, or leave it out for all of them.");
  if (chosen !== undefined && chosen > mostPaths)
    throw badInput(
      `${chosen} files and folders are more than one download takes.`,
      `Choose ${mostPaths} at most, or the folders that they lie in.`,
    );
}

const wantedOf = ({ artifact, path, format, paths }: DownloadRow): Wanted => ({ artifact, path, archive: format && { format, paths } });

const tokenForm = /^[\w-]{43}$/;
const hashOf = (token: string) => createHash("sha256").update(token).digest("hex");
