import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import mysql from "mysql2/promise";
import { findServer } from "../../server/db/embedded/processes.ts";
import type { Embedded } from "../../server/db/embedded.ts";

/** The rows of one statement, on a connection of its own. */
export async function query({ socketPath, user, database }: Embedded, sql: string) {
  const connection = await mysql.createConnection({ socketPath, user, database });
  try {
    const [rows] = await connection.query<mysql.RowDataPacket[]>(sql);
    return rows;
  } finally {
    await connection.end();
  }
}

/** The server that runs on a home folder. */
export async function serverOn(home: string) {
  const server = await findServer(join(home, "mariadb", "data"));
  if (!server) throw new Error(`No server runs on ${home}`);
  return server;
}

/** Settles when something whose name begins so is in the embedded catalog's folder. */
export async function appears(home: string, name: string) {
  const there = async () => (await readdir(join(home, "mariadb")).catch(() => [])).some((entry) => entry.startsWith(name));
  while (!(await there())) await new Promise(setImmediate);
}

/** A process of its own that has opened the embedded catalog and closes it when its input ends. */
export async function startUser(home: string): Promise<ChildProcess> {
  const program = `
    const { openEmbedded } = await import(${JSON.stringify(resolve("server/db/embedded.ts"))});
    const embedded = await openEmbedded(${JSON.stringify(home)});
    console.log("open");
    process.stdin.resume().once("end", () => embedded.close());`;
  const child = spawn(resolve("node_modules/node/bin/node"), ["--input-type=module", "-e", program], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const [line] = await Promise.race([once(createInterface(child.stdout), "line"), once(child, "exit")]);
  if (line !== "open") throw new Error(`The other process ended with ${line}`);
  return child;
}

/** Settles when `end` has ended the process. */
export async function finished(child: ChildProcess, end: () => void) {
  const exit = once(child, "exit");
  end();
  await exit;
}
