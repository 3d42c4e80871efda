import { dirname, join } from "node:path/posix";
import { Failure } from "../../domain/errors.ts";
import { abortable } from "../abortable.ts";
import { partName } from "./names.ts";
import { conflict, isUnsupported, status, statusOf } from "./sftp-errors.ts";
import { checkBase, remove, removeEmptyFolders, type SftpPlace, statOf } from "./sftp-place.ts";
import type { SftpSession } from "./sftp-session.ts";

/** Bytes that are on their way without an answer yet, and the most of one request: what OpenSSH takes, without its head. */
const windowBytes = 4 * 1024 * 1024;
const requestBytes = 255 * 1024;

/** Stores all of `bytes` at `path`: under a name of its own beside it first, then under its own in one step. */
export async function put(place: SftpPlace, path: string, bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { session, release } = await place.connection.use();
  const part = join(dirname(path), partName());
  try {
    await checkBase(place, session);
    if (await place.step(session, `looking at ${path}`, () => statOf(session, path))) throw conflict(path);
    const size = await writeWhole(place, session, part, bytes, signal);
    await publish(place, session, part, path, size);
  } catch (error) {
    await discard(place, part).catch(() => {});
    signal.throwIfAborted();
    throw error;
  } finally {
    release();
  }
}

async function writeWhole(
  place: SftpPlace,
  session: SftpSession,
  part: string,
  bytes: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<number> {
  const { sftp } = session;
  const handle = await place.step(session, `making a file in ${dirname(part)}`, () => create(place, session, part));
  try {
    const size = await place.step(session, `writing ${part}`, () => send(session, handle, bytes, signal));
    signal.throwIfAborted();
    await place.step(session, `syncing ${part}`, () => synced(session, handle));
    const kept = await place.step(session, `looking at ${part}`, () => session.ask<{ size: number }>((done) => sftp.fstat(handle, done)));
    if (kept.size !== size)
      throw new Failure(
        "STORAGE_UNAVAILABLE",
        `The SFTP server ${place.server} kept ${kept.size} of ${size} bytes.`,
        "Check its disk and file system for errors.",
      );
    return size;
  } finally {
    await session.ask((done) => sftp.close(handle, done)).catch(() => {});
  }
}

/** The open file, in folders for its owner's eyes only; another one's removal may take an empty folder away in between. */
async function create(place: SftpPlace, session: SftpSession, part: string): Promise<Buffer> {
  for (let tries = 3; ; tries -= 1) {
    await makeFolders(session, place.base, dirname(part));
    try {
      return await session.ask<Buffer>((done) => session.sftp.open(part, "wx", 0o600, done));
    } catch (error) {
      if (statusOf(error) !== status.noSuchFile || tries === 1) throw error;
    }
  }
}

async function makeFolders(session: SftpSession, base: string, folder: string): Promise<void> {
  if (folder === base || (await statOf(session, folder))) return;
  await makeFolders(session, base, dirname(folder));
  try {
    await session.ask((done) => session.sftp.mkdir(folder, { mode: 0o700 }, done));
  } catch (error) {
    // Another put may have made it; what else is wrong shows when the file is opened.
    if (statusOf(error) === null) throw error;
  }
}

/** Sends all bytes, many requests at once; how many they were. The first that fails ends it, and so does a lost connection. */
async function send(session: SftpSession, handle: Buffer, bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<number> {
  const failed = new AbortController();
  const stop = AbortSignal.any([signal, session.gone, failed.signal]);
  const sent = new Set<Promise<void>>();
  let [position, underWay] = [0, 0];
  const write = (chunk: Buffer) => {
    const at = position;
    position += chunk.length;
    underWay += chunk.length;
    const answer = session
      .ask((done) => session.sftp.write(handle, chunk, 0, chunk.length, at, done))
      .catch((error: unknown) => failed.abort(error))
      .finally(() => {
        underWay -= chunk.length;
        sent.delete(answer);
      });
    sent.add(answer);
  };
  try {
    for await (const chunk of abortable(bytes, stop)) {
      const all = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      for (let start = 0; start < all.length; start += requestBytes) {
        write(all.subarray(start, start + requestBytes));
        while (underWay >= windowBytes) await Promise.race(sent);
        stop.throwIfAborted();
      }
    }
  } finally {
    await Promise.all(sent);
  }
  stop.throwIfAborted();
  return position;
}

async function synced(session: SftpSession, handle: Buffer): Promise<void> {
  try {
    await session.ask<unknown>((done) => session.sftp.ext_openssh_fsync(handle, done));
  } catch (error) {
    if (!isUnsupported(error)) throw error;
  }
}

/** Gives the finished file its name without ever taking one away: a hard link fails where a rename would overwrite. */
async function publish(place: SftpPlace, session: SftpSession, part: string, path: string, size: number): Promise<void> {
  try {
    await named(session, part, path);
  } catch (error) {
    if (!session.gone.aborted) {
      // A rename that came too late.
      if (statusOf(error) !== null && (await statOf(session, path))) throw conflict(path);
      await place.step(session, `naming ${path}`, () => Promise.reject(error));
    }
    // The answer was lost, not necessarily the work: nobody else makes files of this name.
    const done = await place.connection.during((again) => statOf(again, path)).catch(() => null);
    if (done?.size !== size) throw error;
    await discard(place, part).catch(() => {});
  }
}

async function named(session: SftpSession, part: string, path: string): Promise<void> {
  const { sftp } = session;
  try {
    await session.ask((done) => sftp.ext_openssh_hardlink(part, path, done));
  } catch (error) {
    // Without hard links, the server's or its file system's: a rename, which the protocol wants to fail where a name exists.
    if (statusOf(error) === null && !isUnsupported(error)) throw error;
    if (await statOf(session, path)) throw conflict(path);
    return session.ask((done) => sftp.rename(part, path, done));
  }
  // The file is whole under its name; a second name that stays is swept later.
  await remove(session, part).catch(() => {});
}

/** Removes what was begun, over a new connection where the old one was lost. */
const discard = (place: SftpPlace, part: string) =>
  place.connection.during(async (session) => {
    await remove(session, part).catch((error: unknown) => {
      if (statusOf(error) === null) throw error;
    });
    await removeEmptyFolders(session, place.base, dirname(part));
  });
