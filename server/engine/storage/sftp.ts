import { dirname, join } from "node:path/posix";
import { buffer } from "node:stream/consumers";
import type { FileEntryWithStats } from "ssh2";
import { Failure } from "../../domain/errors.ts";
import type { SftpStorageConfig } from "../../domain/storage.ts";
import { checkPrefix, isPart, partName } from "./names.ts";
import { sftpConnection } from "./sftp-connection.ts";
import { status, statusOf } from "./sftp-errors.ts";
import { get } from "./sftp-get.ts";
import { checkBase, remove, removeEmptyFolders, room, type SftpPlace, sftpPlace, statOf } from "./sftp-place.ts";
import { put } from "./sftp-put.ts";
import type { SftpSecrets, SftpTimes } from "./sftp-session.ts";
import type { Storage } from "./storage.ts";

const usual: SftpTimes = { connect: 15_000, signIn: 20_000, keepAlive: 20_000, answer: 300_000, idle: 5_000 };

/**
 * A storage in a directory on an SFTP server, which must be there: a missing one is taken for a disk that is not mounted. The server must
 * show the pinned host key. Any address is connected to, those of a private network too: a server in the same house is the usual case,
 * and only administrators name storages.
 */
export function sftpStorage(config: SftpStorageConfig, secrets: SftpSecrets, times: Partial<SftpTimes> = {}): Storage {
  const connection = sftpConnection(config, secrets, { ...usual, ...times });
  const place = sftpPlace(config, connection);
  const { base, pathOf } = place;
  return {
    async put(name, bytes, { signal }) {
      await put(place, pathOf(name), bytes, signal);
    },
    async get(name, range) {
      return get(place, name, pathOf(name), range);
    },
    async size(name) {
      return sizeOf(place, pathOf(name));
    },
    async *list(prefix) {
      yield* list(place, checkPrefix(prefix), (file) => !isPart(file));
    },
    async remove(name) {
      await removeAt(place, pathOf(name));
    },
    async sweep(prefix) {
      for await (const { name } of list(place, checkPrefix(prefix), isPart)) await removeAt(place, join(base, name));
    },
    free: () => connection.during(async (session) => (await room(session, base))?.free ?? null),
    total: () => connection.during(async (session) => (await room(session, base))?.total ?? null),
    check: () => check(place),
  };
}

const sizeOf = (place: SftpPlace, path: string) =>
  place.connection.during(async (session) => {
    const found = await place.step(session, `looking at ${path}`, () => statOf(session, path));
    if (!found) await checkBase(place, session);
    return found?.isFile() ? found.size : null;
  });

const removeAt = (place: SftpPlace, path: string) =>
  place.connection.during(async (session) => {
    try {
      await remove(session, path);
    } catch (error) {
      if (statusOf(error) !== status.noSuchFile) await place.step(session, `removing ${path}`, () => Promise.reject(error));
    }
    await removeEmptyFolders(session, place.base, dirname(path));
  });

async function* list(place: SftpPlace, prefix: string, wanted: (file: string) => boolean): AsyncGenerator<{ name: string; size: number }> {
  if (prefix === "") await place.connection.during((session) => checkBase(place, session));
  const entries = await entriesOf(place, join(place.base, prefix));
  if (!entries) return place.connection.during((session) => checkBase(place, session));
  for (const { filename, attrs } of entries.sort((a, b) => (a.filename < b.filename ? -1 : 1))) {
    const name = prefix + filename;
    if (attrs.isDirectory()) yield* list(place, `${name}/`, wanted);
    else if (attrs.isFile() && wanted(filename)) yield { name, size: attrs.size };
  }
}

/** What a folder holds; null when it is not there. A server's names are not to lead out of it. */
const entriesOf = (place: SftpPlace, folder: string) =>
  place.connection.during(async (session) => {
    try {
      const entries = await session.ask<FileEntryWithStats[]>((done) => session.sftp.readdir(folder, done));
      return entries.filter(({ filename }) => filename !== "." && filename !== ".." && !/[/\0]/.test(filename));
    } catch (error) {
      if (statusOf(error) === status.noSuchFile) return null;
      return place.step<never>(session, `listing ${folder}`, () => Promise.reject(error));
    }
  });

/** The probe goes the way of every file: written, named, read, removed. */
async function check(place: SftpPlace): Promise<void> {
  const probe = join(place.base, partName());
  const text = "Holdfast writes, reads and removes this file to try the storage.\n";
  try {
    await put(place, probe, oneChunk(Buffer.from(text)), new AbortController().signal);
    const read = (await buffer(await get(place, probe, probe))).toString();
    if (read !== text)
      throw new Failure(
        "STORAGE_UNAVAILABLE",
        `The SFTP server ${place.server} gave back other bytes than were written.`,
        "Check its disk for errors.",
      );
  } finally {
    await removeAt(place, probe).catch(() => {});
  }
}

async function* oneChunk(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  yield chunk;
}
