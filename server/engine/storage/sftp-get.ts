import type { Readable } from "node:stream";
import type { Stats } from "ssh2";
import { Failure } from "../../domain/errors.ts";
import { orAbort } from "../abortable.ts";
import { lost, status, statusOf } from "./sftp-errors.ts";
import { checkBase, type SftpPlace } from "./sftp-place.ts";
import type { SftpSession } from "./sftp-session.ts";
import { streamOf } from "./stream.ts";

/** Requests that are on their way without an answer yet, and the bytes of one: what OpenSSH gives at once. */
const ahead = 16;
const requestBytes = 255 * 1024;

/** The bytes of a file, read many requests ahead of who reads them. */
export async function get(place: SftpPlace, name: string, path: string, range?: { start: number; end?: number }): Promise<Readable> {
  const { session, release } = await place.connection.use();
  try {
    const handle = await opened(place, session, name, path);
    const close = () => {
      session.ask((done) => session.sftp.close(handle, done)).catch(() => {});
      release();
    };
    try {
      const { size } = await place.step(session, `looking at ${path}`, () =>
        session.ask<Stats>((done) => session.sftp.fstat(handle, done)),
      );
      const [start, end] = [range?.start ?? 0, Math.min(range?.end ?? size - 1, size - 1)];
      const stream = streamOf((signal) => read(place, session, handle, path, start, end, signal));
      stream.once("close", close);
      return stream;
    } catch (error) {
      close();
      throw error;
    }
  } catch (error) {
    release();
    throw error;
  }
}

async function opened(place: SftpPlace, session: SftpSession, name: string, path: string): Promise<Buffer> {
  try {
    return await session.ask<Buffer>((done) => session.sftp.open(path, "r", done));
  } catch (error) {
    if (statusOf(error) !== status.noSuchFile) return place.step(session, `reading ${path}`, () => Promise.reject(error));
    await checkBase(place, session);
    throw new Failure(
      "NOT_FOUND",
      `The SFTP server ${place.server} does not hold ${name}.`,
      "It was removed, or the backup belongs to another storage.",
    );
  }
}

async function* read(
  place: SftpPlace,
  session: SftpSession,
  handle: Buffer,
  path: string,
  start: number,
  end: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const asked: Promise<Buffer>[] = [];
  for (let next = start; next <= end || asked.length > 0; ) {
    for (; next <= end && asked.length < ahead; next += requestBytes) {
      const answer = piece(place, session, handle, path, next, Math.min(requestBytes, end - next + 1));
      // One that fails is heard of when its turn comes, or never when an earlier one did.
      answer.catch(() => {});
      asked.push(answer);
    }
    const first = asked.shift();
    if (first) yield await orAbort(first, signal);
  }
}

/** All of a piece: a server may give less than was asked for, and is asked for the rest. */
async function piece(
  place: SftpPlace,
  session: SftpSession,
  handle: Buffer,
  path: string,
  position: number,
  length: number,
): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  for (let filled = 0; filled < length; ) {
    const given = await place.step(session, `reading ${path}`, () =>
      session.ask<number>((done) => session.sftp.read(handle, buffer, filled, length - filled, position + filled, done)),
    );
    // The file was longer when it was opened.
    if (given === 0) throw lost(place.server, new Error(`${path} ended at byte ${position + filled}`));
    filled += given;
  }
  return buffer;
}
