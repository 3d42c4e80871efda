import { Readable } from "node:stream";
import type { Connection } from "../../domain/connection.ts";
import { Failure } from "../../domain/errors.ts";
import type { ClientTools, Say } from "../part.ts";
import { spawnTool } from "../process.ts";
import { setBrokenViewsAside, withoutViews } from "./broken-views.ts";
import { isOneOf } from "./choice.ts";
import { type Session, withSession } from "./client.ts";
import { credentialFile } from "./credential.ts";
import { demandWhole } from "./dump-gate.ts";
import { dumpArguments } from "./dump-pipeline.ts";
import { DumpScan } from "./dump-scan.ts";
import { inspectSchema } from "./inspect.ts";
import { runScriptText, type ScriptRun } from "./restricted-client.ts";
import { presentDefinitions, type SchemaCharset, setCharset } from "./schema-change.ts";
import { type DefinitionName, DumpSplitter, type SplitDump } from "./scripts.ts";

/**
 * A database's views, triggers, routines and events, taken from it by the dump program; the same script for the same
 * definitions. Proved complete against the server's own list, like a dump. Broken views are left out.
 */
export async function takeDefinitions(connection: Connection, tools: ClientTools, signal: AbortSignal): Promise<SplitDump> {
  const schema = connection.database;
  const { facts, aside } = await withSession(
    connection,
    async (session) => setBrokenViewsAside(session, schema, await inspectSchema(session, schema)),
    { signal },
  );
  await using credential = await credentialFile(connection);
  const args = dumpArguments(connection, tools, ["--no-data", "--skip-dump-date", ...withoutViews(schema, aside)]);
  await using dump = spawnTool(tools.dump, args, { fds: [credential.fd], secrets: [connection.password], signal });
  const scan = new DumpScan({ rowPerLine: false });
  const splitter = new DumpSplitter();
  for await (const _tables of splitter.tables(seen(dump.stdout ?? Readable.from([]), scan))) signal.throwIfAborted();
  const exit = await dump.exited;
  demandWhole({ dump: exit, scan: null }, scan.finish(), facts);
  return splitter;
}

/** Definitions to be made in a database, and its character set meanwhile and after: they remember the one they were made under. */
export interface Making {
  readonly makes: readonly DefinitionName[];
  readonly script: Buffer;
  readonly during: SchemaCharset;
  readonly after: SchemaCharset;
}

/** Makes them, and demands that they are there. An event whose time has passed is not made again by the server: that is only said. */
export async function makeDefinitions(session: Session, run: ScriptRun, { makes, script, during, after }: Making, say: Say): Promise<void> {
  await setCharset(session, run.schema, during);
  if (makes.length > 0) await runScriptText(run, script);
  await setCharset(session, run.schema, after);
  const isThere = isOneOf(await presentDefinitions(session, run.schema));
  for (const { kind, name } of makes.filter((made) => !isThere(made))) {
    if (kind !== "event")
      throw new Failure("LOAD_FAILED", `The ${kind} ${name} is not there after it was made.`, "Report this with the operation's log.", {
        reason: "LOAD_DIFFERS",
      });
    say("WARN", `The event ${name} was not made again by the server: its time has passed.`);
  }
}

async function* seen(source: AsyncIterable<Uint8Array>, scan: DumpScan): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    scan.feed(Buffer.from(chunk));
    yield chunk;
  }
}
