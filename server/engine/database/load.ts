import { Failure } from "../../domain/errors.ts";
import type { DatabaseSummary, TableSummary } from "../../domain/manifest.ts";
import { noLimits, threadsOf } from "../../domain/source-load.ts";
import { Together } from "../together.ts";
import { count, type Session, withSession } from "./client.ts";
import { differ } from "./differ.ts";
import type { LoadRequest } from "./load-request.ts";
import { loadRowsAtOnce, UnfitForLoader } from "./loader.ts";
import { qualify } from "./names.ts";
import { runScript } from "./restricted-client.ts";
import { tableNames } from "./schema-change.ts";
import { type DumpSplitter, keyOf, type SplitDump } from "./scripts.ts";
import { whileThereIsRoom } from "./server-room.ts";

/** Loads the dump into `schema`: over several connections where it was stored for that, else as one stream. `splitter` learns what it makes. */
export async function loadDump(
  request: LoadRequest,
  schema: string,
  splitter: DumpSplitter,
  watching: { readonly everyMilliseconds?: number } = {},
): Promise<void> {
  const { connection, content, tables, signal, say } = request;
  const load = async (request: LoadRequest) => {
    if (!content.rows) return streamDump(request, schema, splitter);
    try {
      return await loadRowsAtOnce(request, content.rows, schema, splitter);
    } catch (error) {
      if (!(error instanceof UnfitForLoader)) throw error;
      say("WARN", `${error.message} Loading it once more with the client program, over one connection.`);
    }
    await streamDump(request, schema, splitter.again());
  };
  try {
    await whileThereIsRoom(connection, { schema, signal, ...watching }, (watched) => load({ ...request, signal: watched }));
  } catch (error) {
    signal.throwIfAborted();
    // SQL that makes no sense may be a damaged artifact, which is the better thing to say.
    if (error instanceof Failure && error.code === "LOAD_FAILED") await content.verify(tables, request, () => {});
    throw error;
  }
}

/** The dump as it is, split and fed to the restricted client. */
async function streamDump(request: LoadRequest, schema: string, splitter: DumpSplitter): Promise<void> {
  const { connection, tools, content, tables, signal, observe } = request;
  let bytes = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of content.open(tables, signal)) {
      bytes += chunk.length;
      yield chunk;
      observe({ bytes, item: splitter.table });
    }
  }
  await runScript({ connection, tools, schema, signal }, splitter.tables(counted()));
}

/**
 * Throws LOAD_FAILED that names the table unless `schema` has these tables with the rows that the backup says, and, if `exactly`,
 * no other. The rows are counted over several connections, those of the largest tables first.
 */
export async function compareRows(
  { connection, limits = noLimits, signal }: Pick<LoadRequest, "connection" | "limits" | "signal">,
  schema: string,
  expected: readonly TableSummary[],
  exactly: boolean,
): Promise<void> {
  // In that schema, so that whoever drops it finds them.
  const inside = { ...connection, database: schema };
  const present = new Set(await withSession(inside, (session) => tableNames(session, schema), { signal }));
  const missing = expected.find(({ name }) => !present.delete(name));
  if (missing) throw differ(`table ${missing.name} is missing`);
  const [extra] = present;
  if (exactly && extra !== undefined) throw differ(`table ${extra} is not in the manifest`);
  const left = expected.toSorted((one, other) => one.rows - other.rows);
  const together = new Together(signal);
  const compare = (session: Session) => compareEach(session, schema, left);
  const connections = Math.min(threadsOf(limits), left.length);
  await together.all(Array.from({ length: connections }, () => withSession(inside, compare, { signal: together.signal })));
}

/** Takes tables from the end of the list until there are none left. */
async function compareEach(session: Session, schema: string, left: TableSummary[]): Promise<void> {
  for (let table = left.pop(); table; table = left.pop()) {
    const rows = await count(session, qualify(schema, table.name));
    if (rows !== table.rows) throw differ(`table ${table.name} has ${rows} rows instead of ${table.rows}`);
  }
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
