import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { createClient } from "graphql-ws";
import mysql from "mysql2/promise";
import { inject } from "vitest";
import WebSocket from "ws";
import type { Progress } from "../../server/domain/progress.ts";
import { sharedConnection } from "./shared-server.ts";

export const root = resolve(import.meta.dirname, "../..");
export const node = join(root, "node_modules/node/bin/node");
/** Where compiled code is kept for the next process, as the start and `npx holdfast` have it. */
export const compileCache = join(root, "dist/.setup/compiled");
const admin = { email: "admin@example.org", password: "a long enough password" };

/** A line of the server's log. */
export type LogLine = Record<string, unknown> & { readonly msg: string };

/** A real server process with a home and a catalog of its own; `await using` it. */
export interface Holdfast extends AsyncDisposable {
  readonly url: string;
  readonly home: string;
  readonly pid: number;
  readonly lines: readonly LogLine[];
  readonly cookie: string;
  readonly env: Readonly<Record<string, string>>;
  /** Data of a query or mutation as the administrator; rejects with the first error, its `code` as the message's first word. */
  graphql<T>(document: string, variables?: Record<string, unknown>): Promise<T>;
  /** All events until the stream completes. */
  subscribe<T>(document: string, variables?: Record<string, unknown>): AsyncIterableIterator<T>;
  /** Ends the process as the kernel would, and waits for it. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same home and catalog. */
  restart(): Promise<void>;
}

/** Starts the built server. Its catalog is a database on the run's shared server, or embedded if asked for. */
export async function startHoldfast(options: { embedded?: boolean; env?: Record<string, string> } = {}): Promise<Holdfast> {
  const home = await mkdtemp(join(tmpdir(), "holdfast-home-"));
  const database = `catalog_${randomBytes(5).toString("hex")}`;
  const { port, password } = inject("mariadb");
  const sql = await mysql.createConnection({
    socketPath: sharedConnection("").socketPath ?? "",
    user: "root",
    password,
    multipleStatements: true,
  });
  if (!options.embedded) {
    await sql.query(`CREATE DATABASE ${database}`);
    await sql.changeUser({ database });
    await sql.query(inject("catalog"));
  }
  const env = {
    PATH: process.env.PATH ?? "",
    NODE_COMPILE_CACHE: compileCache,
    HOLDFAST_HOME: home,
    HOLDFAST_PORT: "0",
    HOLDFAST_ADMIN_EMAIL: admin.email,
    HOLDFAST_ADMIN_PASSWORD: admin.password,
    ...(options.embedded ? {} : { HOLDFAST_DATABASE_URL: `mysql://root:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}` }),
    ...options.env,
  };
  let running = await launch(env, home);
  const client = () =>
    createClient({
      url: `${running.url.replace("http", "ws")}/graphql`,
      webSocketImpl: class extends WebSocket {
        constructor(url: string, protocols: string[]) {
          super(url, protocols, { headers: { cookie: running.cookie } });
        }
      },
      retryAttempts: 0,
    });
  return {
    home,
    env,
    get url() {
      return running.url;
    },
    get pid() {
      return running.child.pid ?? 0;
    },
    get lines() {
      return running.lines;
    },
    get cookie() {
      return running.cookie;
    },
    graphql: (document, variables) => ask(running.url, { cookie: running.cookie }, document, variables),
    async *subscribe<T>(document: string, variables: Record<string, unknown> = {}) {
      const socket = client();
      try {
        for await (const result of socket.iterate<T>({ query: document, variables })) {
          if (result.errors?.[0]) throw result.errors[0];
          if (result.data) yield result.data;
        }
      } finally {
        await socket.dispose();
      }
    },
    async kill(signal = "SIGKILL") {
      running.child.kill(signal);
      await running.exited;
    },
    async restart() {
      running = await launch(env, home);
    },
    async [Symbol.asyncDispose]() {
      running.child.kill("SIGTERM");
      await running.exited;
      await sql.query(`DROP DATABASE IF EXISTS ${database}`);
      await sql.end();
      await rm(home, { recursive: true, force: true });
    },
  };
}

interface Running {
  readonly child: ChildProcess;
  readonly exited: Promise<unknown>;
  readonly url: string;
  readonly lines: LogLine[];
  readonly cookie: string;
}

async function launch(env: Record<string, string>, cwd: string): Promise<Running> {
  const child = spawn(node, [join(root, "dist/server/main.js")], { cwd, env, stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const lines: LogLine[] = [];
  const ready = Promise.withResolvers<string>();
  createInterface({ input: child.stdout }).on("line", (text) => {
    const line = JSON.parse(text) as LogLine;
    lines.push(line);
    // What the server did not foresee is the first thing to read when a test fails.
    if (line.level === "error" || line.level === "fatal") process.stderr.write(`${text}\n`);
    if (line.msg === "ready") ready.resolve(String(line.url));
  });
  void exited.then(() => ready.reject(new Error(`The server ended before it was ready: ${JSON.stringify(lines.at(-1))}`)));
  const url = await ready.promise;
  return { child, exited, lines, url, cookie: await signIn(url) };
}

async function signIn(url: string): Promise<string> {
  const answer = await fetch(`${url}/api/auth/sign-in/email`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(admin),
  });
  return answer.headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");
}

/** One GraphQL request with these headers as credentials. */
export async function ask<T>(
  url: string,
  headers: Record<string, string>,
  query: string,
  variables: Record<string, unknown> = {},
): Promise<T> {
  const answer = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await answer.json()) as {
    data: T;
    errors?: { message: string; extensions: { code: string; hint?: string } }[];
  };
  if (errors?.[0]) throw new Error(`${errors[0].extensions.code}: ${errors[0].message} ${errors[0].extensions.hint ?? ""}`.trim());
  return data;
}

/** Follows an operation to its end: every progress event, the last one final. */
export async function follow(holdfast: Holdfast, id: string): Promise<Progress[]> {
  const events: Progress[] = [];
  const document =
    "subscription ($id: ID!) { operationProgress(id: $id) { operationId kind status phase percent bytesProcessed bytesExpected bytesPerSecond etaSeconds currentItem at } }";
  for await (const { operationProgress } of holdfast.subscribe<{ operationProgress: Progress }>(document, { id }))
    events.push(operationProgress);
  return events;
}

/** Makes a source of a database on the shared server and of media folders. */
export async function addSource(
  holdfast: Holdfast,
  name: string,
  database: string | null,
  mediaPaths: readonly string[] = [],
): Promise<string> {
  const { socketPath, user, password } = sharedConnection("");
  const input = { name, mediaPaths, ...(database ? { database: { socketPath, user, password, database } } : {}) };
  const { createSource } = await holdfast.graphql<{ createSource: { id: string } }>(
    "mutation ($input: SourceInput!) { createSource(input: $input) { id } }",
    { input },
  );
  return createSource.id;
}

export interface Ended {
  readonly id: string;
  readonly status: string;
  readonly error: { readonly code: string; readonly message: string; readonly hint: string | null } | null;
}

/** Begins a backup and gives its id. */
export async function beginBackup(holdfast: Holdfast, input: Record<string, unknown>): Promise<string> {
  const { createBackup } = await holdfast.graphql<{ createBackup: { id: string } }>(
    "mutation ($input: CreateBackupInput!) { createBackup(input: $input) { id } }",
    { input },
  );
  return createBackup.id;
}

/** Takes a backup and waits for its end, whatever that is. */
export async function backUp(holdfast: Holdfast, input: Record<string, unknown>): Promise<Ended> {
  const id = await beginBackup(holdfast, input);
  await follow(holdfast, id);
  const { backup } = await holdfast.graphql<{ backup: Ended }>(
    "query ($id: ID!) { backup(id: $id) { id status error { code message hint } } }",
    { id },
  );
  return backup;
}

/** Begins a restore and gives its id. */
export async function beginRestore(holdfast: Holdfast, input: Record<string, unknown>): Promise<string> {
  const { createRestore } = await holdfast.graphql<{ createRestore: { id: string } }>(
    "mutation ($input: RestoreInput!) { createRestore(input: $input) { id } }",
    { input },
  );
  return createRestore.id;
}

/** Restores and waits for its end, whatever that is. */
export async function restore(holdfast: Holdfast, input: Record<string, unknown>): Promise<Ended> {
  const id = await beginRestore(holdfast, input);
  await follow(holdfast, id);
  return endedRestore(holdfast, id);
}

export async function endedRestore(holdfast: Holdfast, id: string): Promise<Ended> {
  const { restore: ended } = await holdfast.graphql<{ restore: Ended }>(
    "query ($id: ID!) { restore(id: $id) { id status error { code message hint } } }",
    { id },
  );
  return ended;
}
