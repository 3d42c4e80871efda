import type { BackupRow } from "../db/backups.ts";
import { type Actor, allow } from "../domain/access.ts";
import { badInput, Failure, notFound } from "../domain/errors.ts";
import type { BackupId } from "../domain/ids.ts";
import type { Manifest } from "../domain/manifest.ts";
import { type BackupFile, describe, listFolder, search } from "../engine/media/browse.ts";
import { openIndex, type StoredIndex } from "../engine/media/index-reader.ts";
import type { MediaIndex } from "../engine/media/media-index.ts";
import { type StoredFile, storedFile } from "../engine/media/stored-file.ts";
import type { StoredBackup } from "../engine/stored-content.ts";
import type { Backups } from "./backups.ts";
import { firstOf } from "./paging.ts";

export type { BackupFile } from "../engine/media/browse.ts";

interface Opened extends StoredIndex {
  readonly index: MediaIndex;
  /** What was looked for last, so that the next page needs no second search. */
  last: { readonly asked: string; readonly positions: Promise<readonly number[]> } | null;
}

interface Dependencies {
  readonly backups: Pick<Backups, "existing" | "manifestOf">;
  readonly storedBackups: { open(backup: BackupRow, manifest: Manifest): Promise<StoredBackup> };
}

/** Indexes kept in memory: what someone looks through, and one more. A million files take about 120 MB. */
const mostKept = 2;

export type BackupFiles = ReturnType<typeof createBackupFiles>;

/** Looks through the files of stored backups. */
export function createBackupFiles({ backups, storedBackups }: Dependencies) {
  const kept = new Map<BackupId, Promise<Opened>>();

  /** Opens a backup's index, or gives the one that is open; the one that was not asked for longest makes room. */
  async function opened(backup: BackupRow): Promise<Opened> {
    const known = kept.get(backup.id);
    const opening = known ?? open(backup);
    kept.delete(backup.id);
    kept.set(backup.id, opening);
    for (const id of [...kept.keys()].slice(0, -mostKept)) kept.delete(id);
    if (!known) opening.catch(() => kept.get(backup.id) === opening && kept.delete(backup.id));
    return opening;
  }

  async function open(backup: BackupRow): Promise<Opened> {
    const manifest = await backups.manifestOf(backup.id);
    if (!manifest?.media) throw badInput(`${backup.name} holds no media.`, "Choose a backup of the type MEDIA or FULL.");
    const stored = await storedBackups.open(backup, manifest);
    const index = await openIndex(stored, new AbortController().signal);
    if (!index) throw notBrowsable(backup);
    return { ...stored, index, last: null };
  }

  return {
    /** What lies right in a folder, or with `search` what is found anywhere below it. */
    async page(actor: Actor | null, backupId: BackupId, folder: string | null, text: string | null, first: number, after: string | null) {
      allow(actor, "read");
      const size = firstOf(first);
      const from = offsetOf(after);
      const backup = await backups.existing(backupId);
      const browsed = await opened(backup);
      const positions = await positionsOf(browsed, backup, folder, text);
      const nodes: BackupFile[] = positions.slice(from, from + size).map((position) => describe(browsed.index, position));
      const hasNextPage = positions.length > from + size;
      return { nodes, hasNextPage, endCursor: nodes.length > 0 ? cursorOf(from + nodes.length) : null, totalCount: positions.length };
    },

    /** One file for whoever was already allowed to have it. Folders and links are BAD_USER_INPUT. */
    async file(backup: BackupRow, path: string): Promise<StoredFile> {
      const { index, ...stored } = await opened(backup);
      const artifact = artifactOf(stored.manifest);
      const position = index.find(path);
      if (position === null || !artifact) throw notFound("file", `${JSON.stringify(path).slice(0, 500)} in ${backup.name}`);
      if (index.kind(position) !== "FILE")
        throw badInput(`${JSON.stringify(path).slice(0, 500)} is a ${index.kind(position).toLowerCase()}.`, "Choose one file.");
      return storedFile(stored, artifact, index, position);
    },
  };
}

async function positionsOf(browsed: Opened, backup: BackupRow, folder: string | null, text: string | null): Promise<readonly number[]> {
  const { index } = browsed;
  const at = folder ? index.find(folder.replace(/\/+$/, "")) : null;
  if (folder && at === null) throw notFound("folder", `${JSON.stringify(folder).slice(0, 500)} in ${backup.name}`);
  const asked = JSON.stringify([at, text]);
  if (browsed.last?.asked !== asked) {
    const positions = text ? search(index, at, text) : Promise.resolve(listFolder(index, at));
    browsed.last = { asked, positions };
  }
  return browsed.last.positions;
}

const artifactOf = ({ artifacts }: Manifest) => artifacts.find(({ part }) => part === "media");

const notBrowsable = ({ name }: BackupRow) =>
  new Failure(
    "BAD_USER_INPUT",
    `${name} was taken before Holdfast kept a list of the files, so they cannot be looked through.`,
    "Restore its media as a whole, or take a new backup.",
  );

const cursorOf = (offset: number) => Buffer.from(`file ${offset}`).toString("base64url");

function offsetOf(cursor: string | null): number {
  if (cursor === null) return 0;
  const offset = /^file (\d{1,10})$/.exec(Buffer.from(cursor, "base64url").toString())?.[1];
  if (offset === undefined)
    throw badInput("This cursor is not one that the server gave.", "Ask for the first page again, without `after`.");
  return Number(offset);
}
