import { existsSync } from "node:fs";
import { realpath } from "node:fs/promises";
import type { Connection, RowDataPacket } from "mysql2/promise";
import { Failure } from "../../domain/errors.ts";
import { privateOptions, type RunOptions, signIn, startDaemon, stopDaemon, untilAnswered } from "./daemon.ts";
import { innodbOptions, installData } from "./install.ts";
import type { Place } from "./place.ts";
import { findServer } from "./processes.ts";

export type { RunOptions } from "./daemon.ts";

export const databaseName = "holdfast";

/**
 * Sees to it that the server of this place runs, and returns a connection to it: adopts the one that runs already, else starts it,
 * installing its data first when there are none. Call it under the lock.
 */
export async function ensureRunning(place: Place, options: RunOptions): Promise<Connection> {
  const ask = () => connect(place);
  const running = await findServer(place.dataFolder);
  if (running) return untilAnswered(place, running, ask, options);
  if (!existsSync(place.dataFolder)) await installData(place, innodbOptions, options.folders, options.signal);
  const started = await startDaemon(place, serverOptions(place), options.folders);
  try {
    return await untilAnswered(place, started, ask, options);
  } catch (error) {
    // Now and then a MariaDB that is told to end while it starts neither starts nor ends. Nobody has used this one.
    await stopServer(place, 5);
    throw error;
  }
}

/** Stops the server cleanly and waits until it has gone; one that does not go in `seconds` is killed, which InnoDB survives. */
export async function stopServer(place: Place, seconds = 60): Promise<void> {
  const server = await findServer(place.dataFolder);
  if (server) await stopDaemon(server, seconds);
}

/** A small server for one application: every commit is on the disk before it is answered. */
const serverOptions = (place: Place): readonly string[] => [
  ...privateOptions(place),
  "--character-set-server=utf8mb4",
  "--collation-server=utf8mb4_unicode_520_ci",
  "--default-time-zone=+00:00",
  "--max-connections=100",
  "--max-allowed-packet=64M",
  "--key-buffer-size=1M",
  "--aria-pagecache-buffer-size=8M",
  "--innodb-buffer-pool-size=96M",
  "--innodb-flush-log-at-trx-commit=1",
  ...innodbOptions,
];

/** A connection to the server of this place with its database made, or null when nothing answers yet. */
async function connect(place: Place): Promise<Connection | null> {
  const connection = await signIn(place);
  if (!connection) return null;
  try {
    const [rows] = await connection.query<RowDataPacket[]>("SELECT @@datadir AS folder");
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
