import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import mysql from "mysql2/promise";

const run = promisify(execFile);

/** A private MariaDB server of a test: its own data folder, a socket, a TCP port, and root with the password below. */
export interface TestServer {
  readonly socketPath: string;
  readonly port: number;
  readonly user: "root";
  readonly password: string;
  readonly pid: number;
  /** A new connection as root; the caller ends it. */
  connect(database?: string): Promise<mysql.Connection>;
  signal(signal: NodeJS.Signals): void;
  /** Ends it at once, as a power cut would, and waits for that. */
  kill(): Promise<void>;
  /** Starts it again where it was, and waits until it answers. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Nothing waits for the disk: a killed server's files are in the page cache all the same, and no test cuts the machine's power. Tables
 * are made in a fraction of the time then. A release that knows one of them no longer passes over it.
 */
const careless = ["--loose-innodb-flush-method=nosync", "--loose-debug-no-sync"] as const;

export const rootPassword = 'root\'s "pass\\word" #1;';

/** Starts a server in some 2 s; `options` are further mariadbd options, such as "--event-scheduler=ON". */
export async function startMariadb(options: readonly string[] = []): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-db-"));
  await chmod(folder, 0o755);
  const asRoot = process.getuid?.() === 0 ? ["--user=root"] : [];
  const datadir = join(folder, "data");
  const socketPath = join(folder, "s.sock");
  await run("mariadb-install-db", [
    "--no-defaults",
    `--datadir=${datadir}`,
    "--auth-root-authentication-method=normal",
    "--skip-test-db",
    // Also where the machine's own name does not resolve.
    "--force",
    `--tmpdir=${folder}`,
    ...careless,
    ...asRoot,
  ]);
  const port = await freePort();
  const launch = (): Running => {
    const child = spawn(
      "mariadbd",
      [
        "--no-defaults",
        `--datadir=${datadir}`,
        `--socket=${socketPath}`,
        `--port=${port}`,
        "--bind-address=127.0.0.1",
        `--pid-file=${join(folder, "pid")}`,
        `--tmpdir=${folder}`,
        "--innodb-buffer-pool-size=128M",
        "--innodb-flush-log-at-trx-commit=2",
        "--max-allowed-packet=64M",
        ...careless,
        ...asRoot,
        ...options,
      ],
      { stdio: ["ignore", "ignore", "ignore"] },
    );
    return { child, exited: once(child, "exit") };
  };
  let server = launch();
  const admin = await patiently(() => mysql.createConnection({ socketPath, user: "root" }), server.exited);
  await admin.query("ALTER USER root@localhost IDENTIFIED BY ?", [rootPassword]);
  await admin.query("CREATE OR REPLACE USER root@'127.0.0.1' IDENTIFIED BY ?", [rootPassword]);
  await admin.query("GRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION");
  await admin.end();
  const connect = (database?: string) =>
    mysql.createConnection({
      socketPath,
      user: "root",
      password: rootPassword,
      multipleStatements: true,
      ...(database ? { database } : {}),
    });
  return {
    socketPath,
    port,
    user: "root",
    password: rootPassword,
    get pid() {
      return server.child.pid ?? 0;
    },
    connect,
    signal: (signal) => void server.child.kill(signal),
    async kill() {
      server.child.kill("SIGKILL");
      await server.exited;
    },
    async start() {
      server = launch();
      await (await patiently(() => connect(), server.exited)).end();
    },
    async stop() {
      server.child.kill("SIGCONT");
      server.child.kill("SIGTERM");
      await server.exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface Running {
  readonly child: ChildProcess;
  readonly exited: Promise<unknown>;
}

async function freePort(): Promise<number> {
  const { createServer } = await import("node:net");
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address ? address.port : 0;
}

async function patiently<T>(attempt: () => Promise<T>, exited: Promise<unknown>): Promise<T> {
  let gone = false;
  void exited.then(() => (gone = true));
  for (let tries = 0; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (gone || tries > 300) throw error;
      await sleep(100);
    }
  }
}
