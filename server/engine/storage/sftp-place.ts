import { join } from "node:path/posix";
import type { Stats } from "ssh2";
import type { SftpStorageConfig } from "../../domain/storage.ts";
import { checkName } from "./names.ts";
import type { SftpConnection } from "./sftp-connection.ts";
import { directoryMissing, isUnsupported, refusedCall, serverName, status, statusOf } from "./sftp-errors.ts";
import type { SftpSession } from "./sftp-session.ts";

/** A directory on an SFTP server, as the parts of the adapter work in it. */
export interface SftpPlace {
  readonly server: string;
  readonly base: string;
  readonly connection: SftpConnection;
  /** The path of a name, or ARTIFACT_UNSAFE. */
  pathOf(name: string): string;
  /** One step; a refusal becomes a Failure that says what was being done. */
  step<T>(session: SftpSession, doing: string, work: () => Promise<T>): Promise<T>;
}

export function sftpPlace(config: SftpStorageConfig, connection: SftpConnection): SftpPlace {
  const server = serverName(config);
  const base = config.directory;
  return {
    server,
    base,
    connection,
    pathOf: (name) => join(base, checkName(name)),
    async step(session, doing, work) {
      try {
        return await work();
      } catch (error) {
        // What may be a full disk is looked into; any other refusal says itself what it is.
        const unclear = statusOf(error) === status.failure || statusOf(error) === status.noSpace;
        const free = unclear
          ? await room(session, base).then(
              (room) => room?.free ?? null,
              () => null,
            )
          : null;
        throw refusedCall(server, doing, error, free);
      }
    },
  };
}

/** Free and all bytes of the disk that holds the directory; null where the server does not tell. */
export async function room(session: SftpSession, base: string): Promise<{ readonly free: number; readonly total: number } | null> {
  try {
    const answer = await session.ask<unknown>((done) => session.sftp.ext_openssh_statvfs(base, done));
    const number = (name: string) => Number((answer as Record<string, unknown>)[name]);
    const unit = number("f_frsize") || number("f_bsize");
    const [free, total] = [number("f_bavail") * unit, number("f_blocks") * unit];
    return total > 0 && Number.isFinite(free) ? { free, total } : null;
  } catch (error) {
    if (isUnsupported(error)) return null;
    throw error;
  }
}

/** What is at a path; null when nothing is. */
export async function statOf(session: SftpSession, path: string): Promise<Stats | null> {
  try {
    return await session.ask<Stats>((done) => session.sftp.stat(path, done));
  } catch (error) {
    if (statusOf(error) === status.noSuchFile) return null;
    throw error;
  }
}

/** The storage's directory is there: it is never made, as a missing one is taken for a disk that is not mounted. */
export async function checkBase(place: SftpPlace, session: SftpSession): Promise<void> {
  const found = await place.step(session, `looking at ${place.base}`, () => statOf(session, place.base));
  if (!found?.isDirectory()) throw directoryMissing(place.server, place.base);
}

export const remove = (session: SftpSession, path: string) => session.ask((done) => session.sftp.unlink(path, done));

/** Takes empty folders away, from `folder` up to the storage's directory. */
export async function removeEmptyFolders(session: SftpSession, base: string, folder: string): Promise<void> {
  for (let empty = folder; empty.startsWith(`${base}/`); empty = join(empty, "..")) {
    try {
      await session.ask((done) => session.sftp.rmdir(empty, done));
    } catch (error) {
      // Still in use, or gone already: either way the parents follow the same rule another time.
      if (statusOf(error) === null) throw error;
      if (statusOf(error) !== status.noSuchFile) return;
    }
  }
}
