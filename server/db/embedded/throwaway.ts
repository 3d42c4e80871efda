import { randomBytes } from "node:crypto";
import { mkdir, readdir, realpath, rm, statfs } from "node:fs/promises";
import { totalmem } from "node:os";
import { join } from "node:path";
import { formatBytes } from "../../../shared/format.ts";
import type { Connection } from "../../domain/connection.ts";
import { Failure } from "../../domain/errors.ts";
import { privateOptions, signIn, startDaemon, untilAnswered } from "./daemon.ts";
import { installData } from "./install.ts";
import { prepareServerPlace, type ServerPlace } from "./place.ts";
import { findServersBelow, isAlive, killProcess, markOf } from "./processes.ts";
import { findProgram, usualFolders } from "./programs.ts";

/** A private, empty MariaDB server whose data may be lost at any moment. `await using` it: nothing of it stays, whatever happens. */
export interface Throwaway extends AsyncDisposable {
  /** As an account that may do everything; the database is to be made and named by the caller. */
  readonly connection: Connection;
}

export interface ThrowawayOptions {
  /** Ends the server, also while it is in use. */
  readonly signal: AbortSignal;
  /** Told one line for a person when something takes long. */
  readonly say?: (line: string) => void;
  /** Data that it will have to hold, in bytes. */
  readonly bytes?: number;
  /** Words before the server's command that end it with this process; without any, `sweepThrowaways` does. */
  readonly guard?: readonly string[];
  readonly folders?: readonly string[];
}

const prefix = "drill-";
const naming = { name: "throw-away server of the drill", instead: "" };
/** Those of this process that are in use, by folder. */
const inUse = new Set<string>();

/**
 * Starts a server of its own in a fresh folder of `home/work`, in 1 to 2 s. It is on a socket only, in a folder that only this
 * account may enter. Rejects with STORAGE_FULL where the disk has no room for `bytes`.
 */
export async function openThrowaway(home: string, options: ThrowawayOptions): Promise<Throwaway> {
  const { signal, say = () => {}, bytes = 0, guard = [], folders = usualFolders } = options;
  signal.throwIfAborted();
  await mkdir(join(home, "work"), { recursive: true, mode: 0o700 });
  const work = await workFolder(home);
  await demandSpace(work, bytes);
  const own = await markOf(process.pid);
  // The owner stands in the name, so that there is no moment at which the folder is nobody's.
  const folder = join(work, `${prefix}${process.pid}-${own?.started}-${randomBytes(4).toString("hex")}`);
  inUse.add(folder);
  await mkdir(folder, { mode: 0o700 });
  let place: ServerPlace | undefined;
  const stop = async () => {
    await removeFolder(folder);
    place?.leave();
    inUse.delete(folder);
  };
  let stopped: Promise<void> | undefined;
  const stopOnce = () => (stopped ??= stop());
  try {
    place = await prepareServerPlace(folder, naming.name, naming.instead);
    await installData(place, careless, folders, signal);
    const server = await startDaemon(place, serverOptions(place), folders, guard);
    const there = place;
    const first = await untilAnswered(there, server, () => signIn(there), { signal, say });
    first.destroy();
    const onAbort = () => void killProcess(server);
    signal.addEventListener("abort", onAbort, { once: true });
    signal.throwIfAborted();
    return {
      connection: {
        host: "localhost",
        port: 0,
        user: there.account,
        password: "",
        database: "",
        socketPath: there.socketPath,
        tls: false,
      },
      [Symbol.asyncDispose]: () => {
        signal.removeEventListener("abort", onAbort);
        return stopOnce();
      },
    };
  } catch (error) {
    await stopOnce();
    throw error;
  }
}

/** The path of the server program that `openThrowaway` starts; a Failure that names its package where it is missing. */
export const findDrillServer = (folders = usualFolders): Promise<string> => findProgram("mariadbd", naming, folders);

/** Removes what processes that are gone left of theirs in `home/work`, their servers first. Touches nothing that is in use. */
export async function sweepThrowaways(home: string): Promise<void> {
  const work = await workFolder(home);
  for (const name of await readdir(work).catch(() => [])) {
    if (!name.startsWith(prefix)) continue;
    const folder = join(work, name);
    const [pid, started = ""] = name.slice(prefix.length).split("-");
    const owner = { pid: Number(pid), started };
    if (owner.pid === process.pid ? inUse.has(folder) : await isAlive(owner)) continue;
    await removeFolder(folder);
  }
}

/** By its real path, as the servers in it were told. */
const workFolder = (home: string) => realpath(join(home, "work")).catch(() => join(home, "work"));

async function removeFolder(folder: string): Promise<void> {
  for (const server of await findServersBelow(folder)) await killProcess(server);
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

const megabyte = 1024 * 1024;
const logBytes = 128 * megabyte;
/** What a fresh server takes by itself. */
const emptyBytes = 64 * megabyte + logBytes;
/** Indexes, and room in pages that are not full. */
const loadFactor = 1.6;

async function demandSpace(work: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(work);
  const [free, needed] = [bavail * bsize, emptyBytes + Math.round(bytes * loadFactor)];
  if (free >= needed) return;
  throw new Failure(
    "STORAGE_FULL",
    `The drill needs about ${formatBytes(needed)} in ${work} for a while, and ${formatBytes(free)} are free there.`,
    "Free space on that disk, or move HOLDFAST_HOME to a larger one.",
  );
}

/** For data that may be lost: nothing waits for the disk, neither InnoDB nor what makes the server's own tables. */
const careless = [
  "--innodb-flush-log-at-trx-commit=0",
  "--innodb-doublewrite=0",
  "--loose-innodb-flush-method=nosync",
  "--loose-debug-no-sync",
  `--innodb-log-file-size=${logBytes}`,
] as const;

const serverOptions = (place: ServerPlace): readonly string[] => [
  ...privateOptions(place),
  ...careless,
  "--character-set-server=utf8mb4",
  "--default-time-zone=+00:00",
  "--event-scheduler=OFF",
  "--max-connections=20",
  "--max-allowed-packet=1G",
  `--innodb-buffer-pool-size=${Math.round(memoryBytes())}`,
  "--key-buffer-size=16M",
  "--myisam-sort-buffer-size=64M",
  "--aria-pagecache-buffer-size=16M",
  // What another server took, this one takes: a row format that it would refuse by default is no damage.
  "--innodb-strict-mode=OFF",
  // Rows come as LOAD DATA of our own loader, several connections into one table; the client program is told to send no file.
  "--local-infile=1",
  "--innodb-autoinc-lock-mode=2",
  "--innodb-sort-buffer-size=16M",
  "--innodb-stats-auto-recalc=OFF",
  "--innodb-buffer-pool-load-at-startup=OFF",
];

/** At most a quarter of what this process may use. */
function memoryBytes(): number {
  const constrained = process.constrainedMemory();
  const memory = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return Math.max(16 * megabyte, Math.min(512 * megabyte, memory / 4));
}
