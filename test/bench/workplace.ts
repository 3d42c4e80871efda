import { execFile } from "node:child_process";
import { access, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import type { Connection } from "mysql2/promise";
import { startMariadb, type TestServer } from "../support/mariadb.ts";
import { generate } from "./generate.ts";

const run = promisify(execFile);

/** A folder for everything that a run makes, with the server that holds the database; all gone after `await using`. */
export interface Workplace extends AsyncDisposable {
  readonly folder: string;
  readonly server: TestServer;
  /** An option file with root's password, for the client tools. */
  readonly optionFile: string;
  /** A connection as root, ended by `await using`. */
  sql(): Promise<AsyncDisposable & { readonly connection: Connection }>;
}
export interface Wishes {
  readonly megabytes: number;
  /** Keep the generated database in this folder, or use the one that an earlier run kept there. */
  readonly keep: string | null;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

export async function openWorkplace({ megabytes, keep, signal, say }: Wishes): Promise<Workplace> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-bench-"));
  try {
    const kept = keep ? resolve(keep, `shop2-${megabytes}`) : null;
    const ready = kept
      ? await access(join(kept, "generated")).then(
          () => true,
          () => false,
        )
      : false;
    const server = await startMariadb([...serverOptions, ...(kept ? await keptData(kept, ready) : [])]);
    try {
      if (!ready) {
        await using sql = await connection(server);
        await generate({ sql: sql.connection, folder, megabytes, signal, say });
        if (kept) await writeFile(join(kept, "generated"), "");
      }
      const optionFile = join(folder, "client.cnf");
      const password = server.password.replaceAll("\\", "\\\\").replaceAll('"', '\\"');
      await writeFile(optionFile, `[client]\nuser=root\nsocket=${server.socketPath}\npassword="${password}"\n`, { mode: 0o600 });
      return {
        folder,
        server,
        optionFile,
        sql: () => connection(server),
        async [Symbol.asyncDispose]() {
          await server.stop();
          await rm(folder, { recursive: true, force: true });
        },
      };
    } catch (error) {
      await server.stop();
      throw error;
    }
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

// As a shop's own server would be set up: it keeps a binary log, and every commit is on its disk.
export const serverOptions = [
  "--innodb-buffer-pool-size=1G",
  "--innodb-log-file-size=512M",
  "--innodb-flush-log-at-trx-commit=1",
  "--log-bin",
  "--server-id=1",
  "--sync-binlog=0",
];

/** Options that put the server on a kept data folder, whose root is without a password again when the server comes up. */
async function keptData(kept: string, ready: boolean): Promise<string[]> {
  if (!ready) {
    await rm(kept, { recursive: true, force: true });
    await mkdir(kept, { recursive: true });
    await run("mariadb-install-db", [
      "--no-defaults",
      `--datadir=${join(kept, "data")}`,
      "--auth-root-authentication-method=normal",
      "--skip-test-db",
      // A MariaDB that starts deletes the temporary tables of every other one with the same folder for them.
      `--tmpdir=${kept}`,
      "--user=root",
    ]);
  }
  const initial = join(kept, "initial.sql");
  await writeFile(initial, "ALTER USER root@localhost IDENTIFIED BY '';\nDROP USER IF EXISTS root@'127.0.0.1';\n");
  return [`--datadir=${join(kept, "data")}`, `--init-file=${initial}`];
}

async function connection(server: TestServer) {
  const sql = await server.connect();
  return { connection: sql, [Symbol.asyncDispose]: () => sql.end() };
}
