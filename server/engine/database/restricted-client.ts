import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Connection } from "../../domain/connection.ts";
import { Failure } from "../../domain/errors.ts";
import type { ClientTools } from "../part.ts";
import { spawnTool, type ToolExit } from "../process.ts";
import { withoutLog } from "./client.ts";
import { credentialFile, credentialOption } from "./credential.ts";

export interface ScriptRun {
  readonly connection: Connection;
  readonly tools: ClientTools;
  /** The schema to run it in, which need not be the connection's. */
  readonly schema: string;
  readonly signal: AbortSignal;
}

/**
 * Runs an SQL script through the client program, which stops at the first error and cannot run shell or client commands
 * nor read a file. Rejects with LOAD_FAILED and what the server said, with what `script` threw, or with the signal's reason.
 */
export async function runScript({ connection, tools, schema, signal }: ScriptRun, script: AsyncIterable<Uint8Array>): Promise<void> {
  await using credential = await credentialFile(connection);
  await using client = spawnTool(tools.client, clientArguments(connection, tools, schema), {
    stdin: "pipe",
    stdout: "ignore",
    fds: [credential.fd],
    secrets: [connection.password],
    signal,
  });
  if (!client.stdin) throw new Error("The client was started without its input");
  const fed = await pipeline(script, client.stdin, { signal }).then(
    () => null,
    (error: unknown) => ({ error }),
  );
  // A script that broke off must not run its last, cut statement; a client that broke off has its reason in its exit.
  if (fed && !isBrokenPipe(fed.error)) await client.stop();
  const exit = await client.exited;
  signal.throwIfAborted();
  if (fed && !isBrokenPipe(fed.error)) throw fed.error;
  if (exit.code !== 0 || fed) throw loadFailed(exit, fed?.error);
}

/** The same for a script in memory. */
export const runScriptText = (run: ScriptRun, script: Buffer) => runScript(run, Readable.from([script]));

const clientArguments = (connection: Connection, tools: ClientTools, schema: string) => [
  credentialOption,
  ...(connection.tls ? tools.tlsOptions : tools.plainOptions),
  ...tools.restrictions,
  // Without --comments the client takes the comments out of routines.
  ...["--batch", "--silent", "--comments", "--default-character-set=utf8mb4", "--max-allowed-packet=1G"],
  ...(connection.skipBinaryLog ? [`--init-command=${withoutLog}`] : []),
  `--database=${schema}`,
];

const brokenPipes: readonly unknown[] = ["EPIPE", "ECONNRESET", "ERR_STREAM_PREMATURE_CLOSE", "ERR_STREAM_DESTROYED"];
const isBrokenPipe = (error: unknown) => error instanceof Error && "code" in error && brokenPipes.includes(error.code);

function loadFailed(exit: ToolExit, cause: unknown): Failure {
  const said = exit.stderr.split("\n").findLast((line) => line.startsWith("ERROR")) ?? exit.stderr.split("\n").at(-1);
  const how = exit.signal ? `it was ended by ${exit.signal}` : `exit status ${exit.code}`;
  return refusedBy(said || how, { cause, reason: exit.signal ? "CLIENT_KILLED" : "SQL_ERROR" });
}

/** The Failure for what a server said of a backup's statements, such as `ERROR 1114 (HY000): The table 't' is full`. */
export const refusedBy = (said: string, options: { readonly cause?: unknown; readonly reason: string }): Failure =>
  new Failure("LOAD_FAILED", `The database refused the backup's SQL: ${said.slice(0, 600)}.`.replace(/\.\.$/, "."), hintFor(said), options);

/** What to do when the server has no room for a restore. */
export const roomHint = "Make room on the disk of the database server, and restore again.";

function hintFor(said: string): string {
  if (/\b(2006|2013|2002|2003)\b/.test(said))
    return "The connection to the database was lost. Check that the server is running, and that its max_allowed_packet is large enough.";
  if (/\b(1044|1142|1227|1370|1419)\b/.test(said)) return "The database account lacks a privilege for it. Grant what the server names.";
  if (/\b1153\b/.test(said)) return "Raise max_allowed_packet on the server.";
  if (/^ERROR (1114|1021)\b|rr(code|no): 28\b/.test(said)) return roomHint;
  if (/^ERROR (1317|1927|1969|1053)\b/.test(said))
    return "Somebody on the database server, or a limit of it, ended this. Find out who or what (KILL, max_statement_time, a shutdown), and restore again.";
  return "Look at the statement that the server names; the target may be an older version than the source.";
}
