import { Readable } from "node:stream";
import type { Connection } from "../../domain/connection.ts";
import type { ClientTools } from "../part.ts";
import { spawnTool } from "../process.ts";
import { setBrokenViewsAside, withoutViews } from "./broken-views.ts";
import { withSession } from "./client.ts";
import { credentialFile } from "./credential.ts";
import { demandWhole } from "./dump-gate.ts";
import { dumpArguments } from "./dump-pipeline.ts";
import { DumpScan } from "./dump-scan.ts";
import { inspectSchema } from "./inspect.ts";
import { DumpSplitter } from "./scripts.ts";

/**
 * The script that makes a database's views, triggers, routines and events anew, taken from it by the dump program; the
 * same bytes for the same definitions. Proved complete against the server's own list, like a dump. Broken views are left out.
 */
export async function takeDefinitions(connection: Connection, tools: ClientTools, signal: AbortSignal): Promise<Buffer> {
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
  return splitter.definitions();
}

async function* seen(source: AsyncIterable<Uint8Array>, scan: DumpScan): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    scan.feed(Buffer.from(chunk));
    yield chunk;
  }
}
