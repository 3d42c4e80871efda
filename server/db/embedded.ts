import { setTimeout as sleep } from "node:timers/promises";
import type { Connection } from "mysql2/promise";
import { Failure, messageOf } from "../domain/errors.ts";
import { acquireLock } from "./embedded/lock.ts";
import { type Place, preparePlace } from "./embedded/place.ts";
import { usualFolders } from "./embedded/programs.ts";
import { databaseName, ensureRunning, type RunOptions, stopServer } from "./embedded/server.ts";
import { addUser, isUsed } from "./embedded/users.ts";

/** The embedded catalog, running. Sign in over the socket as `user` with no password. */
export interface Embedded {
  readonly socketPath: string;
  readonly user: string;
  readonly database: typeof databaseName;
  /** Lets go of it, after the pool's end; the last process to do so stops the server cleanly. May be called twice. */
  close(): Promise<void>;
}

export interface EmbeddedOptions {
  /** Told one line for a person when the server is waited for, ends or is started again. */
  readonly say?: (line: string) => void;
  /** Stops the opening, not what has been opened. */
  readonly signal?: AbortSignal;
  /** Where to look for MariaDB's programs. */
  readonly folders?: readonly string[];
}

/** Seconds to wait for another process that starts or stops the same server; its first start and a recovery included. */
const lockPatience = 200;

/**
 * Opens the embedded catalog below `home`: a private mariadbd on a socket only, made on first use, adopted when it runs already
 * (another Holdfast process uses it, or left it behind), and started again with back-off when it ends while in use:
 * a pool on the same socket path reconnects by itself. Any number of processes may share it.
 */
export async function openEmbedded(home: string, options: EmbeddedOptions = {}): Promise<Embedded> {
  const { say = () => {}, folders = usualFolders, signal } = options;
  const place = await preparePlace(home);
  const run: RunOptions = { say, folders, signal };
  const [sentinel, removeUser] = await locked(place, signal, async () => {
    const removeUser = await addUser(place.usersFolder);
    try {
      return [await ensureRunning(place, run), removeUser] as const;
    } catch (error) {
      await removeUser();
      throw error;
    }
  }).catch((error: unknown) => {
    place.leave();
    throw error;
  });
  const closing = new AbortController();
  const watched = watch(place, sentinel, { ...run, signal: closing.signal });
  let closed: Promise<void> | undefined;
  const close = async () => {
    closing.abort();
    await watched;
    await locked(place, undefined, async () => {
      await removeUser();
      if (!(await isUsed(place.usersFolder))) await stopServer(place);
    });
    place.leave();
  };
  return { socketPath: place.socketPath, user: place.account, database: databaseName, close: () => (closed ??= close()) };
}

/** Keeps the server up until `signal`: an idle connection's end tells at once that it has gone, whoever started it. */
async function watch(place: Place, first: Connection, options: RunOptions & { readonly signal: AbortSignal }): Promise<void> {
  const { signal, say } = options;
  let sentinel = first;
  for (;;) {
    await ended(sentinel, signal);
    sentinel.destroy();
    if (signal.aborted) return;
    say("The embedded catalog ended by itself and is started again.");
    for (let wait = 250; ; wait = Math.min(wait * 2, 30_000)) {
      try {
        sentinel = await locked(place, signal, () => ensureRunning(place, options));
        break;
      } catch (error) {
        if (signal.aborted) return;
        say(`The embedded catalog does not start: ${messageOf(error)} The next try is in ${wait / 1000} s.`);
        await sleep(wait, undefined, { signal }).catch(() => {});
      }
    }
    say("The embedded catalog runs again.");
  }
}

/** Settles when the connection has ended or `signal` is aborted. */
async function ended(connection: Connection, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
    connection.once("end", resolve);
    connection.on("error", () => resolve());
    // It may have ended before we listened.
    connection.ping().catch(() => resolve());
  });
}

async function locked<T>(place: Place, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  const release = await acquireLock(place.lockFile, lockPatience, signal);
  if (!release)
    throw new Failure(
      "CONFLICT",
      "Another Holdfast process has been starting or stopping the embedded catalog for minutes.",
      `See ${place.errorLog}.`,
    );
  try {
    return await work();
  } finally {
    release();
  }
}
