import type { ExportFormat } from "../../shared/enums.ts";
import type { Db } from "../db/client.ts";
import { type DownloadRow, listDownloads, removeDownloads, takeDownload } from "../db/downloads.ts";
import { type Actor, allow } from "../domain/access.ts";
import { notFound } from "../domain/errors.ts";
import type { BackupId } from "../domain/ids.ts";
import type { Audit } from "./audit.ts";
import type { Backups } from "./backups.ts";
import type { Readings } from "./readings.ts";

/** A link that was made, without what makes it work. */
export interface KeptLink {
  /** Names it; nobody gets to the link from it. */
  readonly id: string;
  /** Null for what an older release kept. */
  readonly actor: string | null;
  readonly filename: string;
  readonly artifact: string | null;
  readonly path: string | null;
  readonly format: ExportFormat | null;
  /** The first of the files and folders that an archive is made of; null for all of them. */
  readonly paths: readonly string[] | null;
  readonly pathCount: number | null;
  readonly expiresAt: Date;
  readonly uses: number;
  /** Somebody reads through it now. */
  readonly reading: boolean;
}

/** More than this is read by nobody: all of them can be ended at once. */
const mostLinks = 100;
const mostPaths = 20;

interface Dependencies {
  readonly catalog: Db;
  readonly backups: Pick<Backups, "existing">;
  readonly readings: Pick<Readings, "end" | "endAll">;
  readonly audit: Audit;
  readonly now: () => Date;
}

/** What became of the links that were given out: shows those that work still, and takes them away. */
export const createDownloadLinks = ({ catalog, backups, readings, audit, now }: Dependencies) => ({
  /** The links to a backup that work still or are being read through, the newest first, a hundred at most. */
  async list(actor: Actor | null, backupId: BackupId): Promise<KeptLink[]> {
    allow(actor, "download");
    await backups.existing(backupId);
    const at = now();
    return (await listDownloads(catalog, backupId, at, mostLinks)).map((row) => toLink(row, at));
  },

  /** Takes one link away, and ends what is read through it. */
  async revokeOne(actor: Actor | null, id: string): Promise<void> {
    allow(actor, "download");
    const row = await takeDownload(catalog, id);
    if (!row) throw notFound("download link", id);
    readings.end(id);
    const { name } = await backups.existing(row.backupId);
    await audit.record(actor, "download.revoke", name, { id: row.backupId, filename: row.filename, links: 1 });
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
});

const toLink = ({ tokenHash, paths, readUntil, ...row }: DownloadRow, now: Date): KeptLink => ({
  ...row,
  id: tokenHash,
  paths: paths?.slice(0, mostPaths) ?? null,
  pathCount: paths?.length ?? null,
  reading: readUntil !== null && readUntil > now,
});
