import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { open, rename, stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import mysql, { type Connection } from "mysql2/promise";
import { Failure, messageOf } from "../../domain/errors.ts";
import { cleanEnvironment, commonOptions } from "./install.ts";
import type { ServerPlace } from "./place.ts";
import { isAlive, markOf, type ProcessMark, signalTo } from "./processes.ts";
import { findProgram } from "./programs.ts";

export interface RunOptions {
  /** Told one line for a person when something takes long or went wrong. */
  readonly say: (line: string) => void;
  readonly folders: readonly string[];
  readonly signal: AbortSignal | undefined;
}

/** Seconds for a server to answer, recovery from a crash included. */
const patience = 180;

/** What every private server is told: its own folders, a socket and no network, no binary log, no files but its own. */
export const privateOptions = (place: ServerPlace): readonly string[] => [
  "--no-defaults",
  `--datadir=${place.dataFolder}`,
  `--socket=${place.serverSocket}`,
  `--tmpdir=${place.temporaryFolder}`,
  `--pid-file=${place.folder}/mariadbd.pid`,
  "--skip-networking",
  "--skip-name-resolve",
  "--skip-log-bin",
  // Also keeps each table where it belongs when its definition names a folder elsewhere on the machine.
  "--skip-symbolic-links",
  "--local-infile=0",
  `--secure-file-priv=${place.temporaryFolder}`,
  "--performance-schema=OFF",
  ...commonOptions(),
];

/** Spawns mariadbd in a session of its own. It outlives this process, unless `guard`, the words before its command, sees to the contrary. */
export async function startDaemon(
  place: ServerPlace,
  options: readonly string[],
  folders: readonly string[],
  guard: readonly string[] = [],
): Promise<ProcessMark> {
  const [first = "", ...rest] = [...guard, await findProgram("mariadbd", place, folders), ...options];
  const size = await stat(place.errorLog).then(
    (file) => file.size,
    () => 0,
  );
  if (size > 1024 * 1024) await rename(place.errorLog, `${place.errorLog}.old`);
  const log = openSync(place.errorLog, "a", 0o600);
  try {
    const child = spawn(first, rest, {
      detached: true,
      stdio: ["ignore", log, log],
      cwd: place.folder,
      env: cleanEnvironment(folders),
    });
    const failed = new Promise<never>((_, reject) => child.once("error", reject));
    const spawned = new Promise<void>((resolve) => child.once("spawn", resolve));
    await Promise.race([spawned, failed]);
    child.unref();
    const pid = child.pid ?? 0;
    return (await markOf(pid)) ?? { pid, started: "" };
  } finally {
    closeSync(log);
  }
}

/** Asks until `ask` gets an answer. Fails when the server's process ends first, or after `patience`. */
export async function untilAnswered(
  place: ServerPlace,
  server: ProcessMark,
  ask: () => Promise<Connection | null>,
  { signal, say }: Pick<RunOptions, "signal" | "say">,
): Promise<Connection> {
  const began = Date.now();
  let told = false;
  for (;;) {
    signal?.throwIfAborted();
    const answer = await ask();
    if (answer) return answer;
    if (!(await isAlive(server)))
      throw new Failure(
        "INTERNAL",
        `The ${place.name} ended while it started.`,
        `Its log ${place.errorLog} closes with: ${await logTail(place)}`,
      );
    const waited = (Date.now() - began) / 1000;
    if (waited > patience)
      throw new Failure(
        "INTERNAL",
        `The ${place.name} (process ${server.pid}) does not answer.`,
        `See its log ${place.errorLog}, or end that process and start again.`,
      );
    if (waited > 5 && !told) {
      say(`Waiting for the ${place.name}: it may be recovering from a crash.`);
      told = true;
    }
    await sleep(15);
  }
}

/** A connection as the owner, or null when nothing answers yet; throws when the server answers and refuses. */
export async function signIn(place: ServerPlace): Promise<Connection | null> {
  try {
    const connection = await mysql.createConnection({ socketPath: place.socketPath, user: place.account, connectTimeout: 2000 });
    // An end of the server before anybody listens is not to end this process too.
    connection.on("error", () => {});
    return connection;
  } catch (cause) {
    const code = (cause as { code?: string }).code ?? "";
    if (!code.startsWith("ER_")) return null;
    throw new Failure(
      "INTERNAL",
      `The ${place.name} does not let ${place.account} in: ${messageOf(cause)}`,
      "Run Holdfast as the account that made the home folder.",
      { cause },
    );
  }
}

/** Ends the process and waits until it has gone: asked to for `seconds` at most, then killed, which InnoDB survives. */
export async function stopDaemon(server: ProcessMark, seconds: number): Promise<void> {
  const began = Date.now();
  for (let asked = 0; await isAlive(server); ) {
    const waited = Date.now() - began;
    // Asked again and again: in its first moments MariaDB loses the signal.
    if (waited >= asked * 500) {
      signalTo(server, waited > seconds * 1000 ? "SIGKILL" : "SIGTERM");
      asked += 1;
    }
    await sleep(10);
  }
}

/** The log's last lines that speak of an error, else its very last ones. */
async function logTail(place: ServerPlace): Promise<string> {
  await using file = await open(place.errorLog);
  const { size } = await file.stat();
  const { buffer, bytesRead } = await file.read(Buffer.alloc(8192), 0, 8192, Math.max(0, size - 8192));
  const lines = buffer.toString("utf8", 0, bytesRead).trim().split("\n");
  const errors = lines.filter((line) => line.includes("[ERROR]"));
  return (errors.length > 0 ? errors : lines).slice(-3).join(" ");
}
