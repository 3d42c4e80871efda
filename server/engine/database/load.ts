import type { Connection } from "../../domain/connection.ts";
import { Failure } from "../../domain/errors.ts";
import type { DatabaseSummary, TableSummary } from "../../domain/manifest.ts";
import type { DatabaseContent } from "../content.ts";
import type { ClientTools, PartProgress, Running } from "../part.ts";
import { forCounting, type Session, select } from "./client.ts";
import { qualify } from "./names.ts";
import { runScript } from "./restricted-client.ts";
import { tableNames } from "./schema-change.ts";
import { type DumpSplitter, keyOf, type SplitDump } from "./scripts.ts";

export interface LoadRequest extends Running {
  readonly connection: Connection;
  readonly tools: ClientTools;
  readonly content: DatabaseContent;
  /** The tables that are read; null for all that the dump holds. */
  readonly tables: readonly string[] | null;
  /** What the loaded database is compared with. */
  readonly expected: DatabaseSummary;
  observe(progress: PartProgress): void;
}

/** Streams the dump into `schema`, split and fed to the restricted client. */
export async function loadDump(request: LoadRequest, schema: string, splitter: DumpSplitter): Promise<void> {
  const { connection, tools, content, tables, signal, observe } = request;
  let bytes = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of content.open(tables, signal)) {
      bytes += chunk.length;
      yield chunk;
      observe({ bytes, item: splitter.table });
    }
  }
  try {
    await runScript({ connection, tools, schema, signal }, splitter.tables(counted()));
  } catch (error) {
    signal.throwIfAborted();
    // SQL that makes no sense may be a damaged artifact, which is the better thing to say.
    if (error instanceof Failure && error.code === "LOAD_FAILED") await content.verify(tables, request, () => {});
    throw error;
  }
}

/** Throws LOAD_FAILED that names the table unless `schema` has these tables with the rows that the backup says, and, if `exactly`, no other. */
export async function compareRows(session: Session, schema: string, expected: readonly TableSummary[], exactly: boolean): Promise<void> {
  const present = new Set(await tableNames(session, schema));
  for (const { name, rows } of expected) {
    if (!present.delete(name)) throw differ(`table ${name} is missing`);
    const [found] = await select<{ rows: unknown }>(session, `SELECT COUNT(*) AS \`rows\` FROM ${qualify(schema, name)}`, [], forCounting);
    if (Number(found?.rows) !== rows) throw differ(`table ${name} has ${Number(found?.rows)} rows instead of ${rows}`);
  }
  const [extra] = present;
  if (exactly && extra !== undefined) throw differ(`table ${extra} is not in the manifest`);
}

/** Throws LOAD_FAILED unless a whole dump held as many views, triggers, routines and events as the backup says. */
export function compareDefinitions({ made }: SplitDump, { definitions }: DatabaseSummary): void {
  for (const [plural, kind] of kinds) {
    const found = new Set(made.filter((definition) => definition.kind === kind).map(keyOf)).size;
    if (found !== definitions[plural]) throw differ(`it has ${found} ${plural} instead of ${definitions[plural]}`);
  }
}

const kinds = [
  ["views", "view"],
  ["triggers", "trigger"],
  ["procedures", "procedure"],
  ["functions", "function"],
  ["events", "event"],
] as const;

const differ = (what: string) =>
  new Failure(
    "LOAD_FAILED",
    `What was loaded is not what the backup holds: ${what}.`,
    "Restore another backup, and report this with the operation's log.",
    { reason: "LOAD_DIFFERS" },
  );
