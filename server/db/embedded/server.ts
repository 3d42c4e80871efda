import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { open, realpath, rename, stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import mysql, { type Connection } from "mysql2/promise";
import { Failure, messageOf } from "../../domain/errors.ts";
import { cleanEnvironment, commonOptions, innodbOptions, installData } from "./install.ts";
import type { Place } from "./place.ts";
import { findServer, isAlive, type ProcessMark } from "./processes.ts";
import { findProgram } from "./programs.ts";

export const databaseName = "holdfast";

export interface RunOptions {
  /** Told one line for a person when something takes long or went wrong. */
  readonly say: (line: string) => void;
  readonly folders: readonly string[];
  readonly signal: AbortSignal | undefined;
}

/** Seconds for a server to answer, recovery from a crash included. */
const patience = 180;

/**
 * Sees to it that the server of this place runs, and returns a connection to it: adopts the one that runs already, else starts it,
 * installing its data first when there are none. Call it under the lock.
 */
export async function ensureRunning(place: Place, options: RunOptions): Promise<Connection> {
  const running = await findServer(place.dataFolder);
  if (running) return untilReady(place, running, options);
  if (!existsSync(place.dataFolder)) await installData(place, options.folders, options.signal);
  const started = await start(place, options);
  try {
    return await untilReady(place, started, options);
  } catch (error) {
    await stopServer(place);
    throw error;
  }
}

/** Stops the server cleanly and waits until it has gone; one that does not go in 60 s is killed, which InnoDB survives. */
export async function stopServer(place: Place): Promise<void> {
  const server = await findServer(place.dataFolder);
  if (!server) return;
  const began = Date.now();
  for (let asked = 0; await isAlive(server); ) {
    const waited = Date.now() - began;
    // Asked again and again: in its first moments MariaDB loses the signal.
    if (waited >= asked * 500) {
      signalTo(server, waited > 60_000 ? "SIGKILL" : "SIGTERM");
      asked += 1;
    }
    await sleep(10);
  }
}

function signalTo(server: ProcessMark, signal: NodeJS.Signals): void {
  try {
    process.kill(server.pid, signal);
  } catch (error) {
    // It went between the look and the signal.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Spawned in a session of its own, so that it outlives a command that started it while a server still uses it. */
async function start(place: Place, { folders }: RunOptions): Promise<ProcessMark> {
  const program = await findProgram("mariadbd", folders);
  const size = await stat(place.errorLog).then(
    (file) => file.size,
    () => 0,
  );
  if (size > 1024 * 1024) await rename(place.errorLog, `${place.errorLog}.old`);
  const log = openSync(place.errorLog, "a", 0o600);
  try {
    const child = spawn(program, serverOptions(place), {
      detached: true,
      stdio: ["ignore", log, log],
      cwd: place.folder,
      env: cleanEnvironment(folders),
    });
    const failed = new Promise<never>((_, reject) => child.once("error", reject));
    const spawned = new Promise<void>((resolve) => child.once("spawn", resolve));
    await Promise.race([spawned, failed]);
    child.unref();
    return (await findServer(place.dataFolder)) ?? { pid: child.pid ?? 0, started: "" };
  } finally {
    closeSync(log);
  }
}

/** A small server for one application: no network, no binary log, and every commit on the disk before it is answered. */
const serverOptions = (place: Place): readonly string[] => [
  "--no-defaults",
  `--datadir=${place.dataFolder}`,
  `--socket=${place.serverSocket}`,
  `--tmpdir=${place.temporaryFolder}`,
  `--pid-file=${place.folder}/mariadbd.pid`,
  "--skip-networking",
  "--skip-name-resolve",
  "--skip-log-bin",
  "--skip-symbolic-links",
  "--local-infile=0",
  `--secure-file-priv=${place.temporaryFolder}`,
  "--character-set-server=utf8mb4",
  "--collation-server=utf8mb4_unicode_520_ci",
  "--default-time-zone=+00:00",
  "--max-connections=100",
  "--max-allowed-packet=64M",
  "--performance-schema=OFF",
  "--key-buffer-size=1M",
  "--aria-pagecache-buffer-size=8M",
  "--innodb-buffer-pool-size=96M",
  "--innodb-flush-log-at-trx-commit=1",
  ...innodbOptions,
  ...commonOptions(),
];

/** Asks until the server answers. Fails when its process ends first, when it is not the server of this place, or after `patience`. */
async function untilReady(place: Place, server: ProcessMark, { signal, say }: RunOptions): Promise<Connection> {
  const began = Date.now();
  let told = false;
  for (;;) {
    signal?.throwIfAborted();
    const answer = await connect(place);
    if (answer) return answer;
    if (!(await isAlive(server)))
      throw new Failure(
        "INTERNAL",
        "The embedded catalog ended while it started.",
        `Its log ${place.errorLog} closes with: ${await logTail(place)}`,
      );
    const waited = (Date.now() - began) / 1000;
    if (waited > patience)
      throw new Failure(
        "INTERNAL",
        `The embedded catalog (process ${server.pid}) does not answer.`,
        `See its log ${place.errorLog}, or end that process and start again.`,
      );
    if (waited > 5 && !told) {
      say("Waiting for the embedded catalog: it may be recovering from a crash.");
      told = true;
    }
    await sleep(15);
  }
}

/** A connection to the server of this place with its database made, or null when nothing answers yet. */
async function connect(place: Place): Promise<Connection | null> {
  let connection: Connection;
  try {
    connection = await mysql.createConnection({ socketPath: place.socketPath, user: place.account, connectTimeout: 2000 });
  } catch (cause) {
    const code = (cause as { code?: string }).code ?? "";
    if (!code.startsWith("ER_")) return null;
    throw new Failure(
      "INTERNAL",
      `The embedded catalog does not let ${place.account} in: ${messageOf(cause)}`,
      "Run Holdfast as the account that made the home folder.",
      {
        cause,
      },
    );
  }
  // An end of the server before anybody listens is not to end this process too.
  connection.on("error", () => {});
  try {
    const [rows] = await connection.query<mysql.RowDataPacket[]>("SELECT @@datadir AS folder");
    const folder = await realpath(String(rows[0]?.folder)).catch(() => "");
    if (folder !== place.dataFolder)
      throw new Failure(
        "CONFLICT",
        `Another MariaDB, with its data in ${rows[0]?.folder}, answers on ${place.socketPath}.`,
        "Stop it, or choose another home with HOLDFAST_HOME.",
      );
    // This connection is kept to notice the server's end, so the server must not close it for being idle.
    await connection.query("SET SESSION wait_timeout = 31536000");
    await connection.query(`CREATE DATABASE IF NOT EXISTS ${databaseName} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci`);
    return connection;
  } catch (error) {
    connection.destroy();
    if (error instanceof Failure) throw error;
    return null;
  }
}

/** The log's last lines that speak of an error, else its very last ones. */
async function logTail(place: Place): Promise<string> {
  await using file = await open(place.errorLog);
  const { size } = await file.stat();
  const { buffer, bytesRead } = await file.read(Buffer.alloc(8192), 0, 8192, Math.max(0, size - 8192));
  const lines = buffer.toString("utf8", 0, bytesRead).trim().split("\n");
  const errors = lines.filter((line) => line.includes("[ERROR]"));
  return (errors.length > 0 ? errors : lines).slice(-3).join(" ");
}
