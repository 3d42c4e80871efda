import type { Connection } from "../../domain/connection.ts";
import { Failure } from "../../domain/errors.ts";
import type { DatabaseSummary } from "../../domain/manifest.ts";
import type { DatabaseContent } from "../content.ts";
import type { ClientTools, PartProgress, Running } from "../part.ts";
import { type Session, select, withSession } from "./client.ts";
import { countDefinitions, definitionsOf } from "./inspect.ts";
import { qualify } from "./names.ts";
import { lackOf, missingForRestore } from "./privileges.ts";
import { runScript } from "./restricted-client.ts";
import { dropDefinitions, dropTables, prepareToChange, setCharset, tableNames } from "./schema-change.ts";
import { DumpSplitter } from "./scripts.ts";

export interface LoadRequest extends Running {
  readonly connection: Connection;
  readonly tools: ClientTools;
  readonly content: DatabaseContent;
  /** Only these tables and their triggers; null for all that the dump holds. */
  readonly tables: readonly string[] | null;
  /** What the loaded database is compared with. */
  readonly expected: DatabaseSummary;
  observe(progress: PartProgress): void;
}

/**
 * Empties the target and loads a backup straight into it, for accounts that may not create a schema. The caller has
 * verified the content before. When this rejects, the target is broken: put the pre-restore backup back by this same function.
 */
export async function loadInPlace(request: LoadRequest): Promise<void> {
  const { connection, expected, signal, say } = request;
  await withSession(
    connection,
    async (session) => {
      const missing = await missingForRestore(session, connection.database);
      if (missing.privileges.length) throw lackOf(missing, "a restore");
      await prepareToChange(session);
      say("INFO", `Emptying the database ${connection.database}.`);
      await dropDefinitions(session, connection.database);
      await dropTables(session, connection.database);
      await setCharset(session, connection.database, expected);
    },
    { signal },
  );
  say("INFO", "Loading the backup straight into it.");
  await loadDump(request, connection.database, new DumpSplitter({ together: true, rowPerLine: expected.flavour === "mariadb" }));
  await withSession(
    connection,
    async (session) => {
      await compareRows(session, connection.database, expected);
      await compareDefinitions(session, connection.database, expected, request);
    },
    { signal },
  );
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

/** Throws LOAD_FAILED that names the table unless `schema` holds exactly the tables and row counts that the backup says. */
export async function compareRows(session: Session, schema: string, expected: DatabaseSummary): Promise<void> {
  const present = new Set(await tableNames(session, schema));
  const differ = (what: string) =>
    new Failure(
      "LOAD_FAILED",
      `What was loaded is not what the backup holds: ${what}.`,
      "Restore another backup, and report this with the operation's log.",
      {
        reason: "LOAD_DIFFERS",
      },
    );
  for (const { name, rows } of expected.tables) {
    if (!present.delete(name)) throw differ(`table ${name} is missing`);
    const [found] = await select<{ rows: unknown }>(session, `SELECT COUNT(*) AS \`rows\` FROM ${qualify(schema, name)}`);
    if (Number(found?.rows) !== rows) throw differ(`table ${name} has ${Number(found?.rows)} rows instead of ${rows}`);
  }
  const [extra] = present;
  if (extra !== undefined) throw differ(`table ${extra} is not in the manifest`);
}

/** The same for views, triggers, routines and events. An event whose time has passed is not made again by the server: that is only said. */
export async function compareDefinitions(
  session: Session,
  schema: string,
  { definitions }: Pick<DatabaseSummary, "definitions">,
  { say }: Pick<Running, "say">,
): Promise<void> {
  const found = countDefinitions(await definitionsOf(session, schema));
  for (const kind of ["views", "triggers", "procedures", "functions", "events"] as const) {
    if (found[kind] === definitions[kind]) continue;
    if (kind === "events" && found.events < definitions.events) {
      say(
        "WARN",
        `${definitions.events - found.events} of ${definitions.events} events were not made again by the server: their time has passed.`,
      );
      continue;
    }
    throw new Failure(
      "LOAD_FAILED",
      `The database has ${found[kind]} ${kind} after the restore instead of ${definitions[kind]}.`,
      "Report this with the operation's log.",
      {
        reason: "LOAD_DIFFERS",
      },
    );
  }
}
