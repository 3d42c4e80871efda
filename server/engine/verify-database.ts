import type { Connection } from "../domain/connection.ts";
import { Failure, messageOf } from "../domain/errors.ts";
import type { DatabaseSummary } from "../domain/manifest.ts";
import type { TableCheck } from "../domain/verification.ts";
import type { DatabaseContent } from "./content.ts";
import { select, withSession } from "./database/client.ts";
import { loadDump } from "./database/load.ts";
import { quoteName } from "./database/names.ts";
import { runScriptText } from "./database/restricted-client.ts";
import { charsetClause, prepareToChange } from "./database/schema-change.ts";
import { accountOf } from "./database/scratch-check.ts";
import { DumpSplitter } from "./database/scripts.ts";
import type { ClientTools } from "./part.ts";
import type { Findings } from "./verify-findings.ts";
import type { Steps, VerifyWork } from "./verify-steps.ts";
import { compareDefinitions, compareTables, extraTables } from "./verify-tables.ts";

export interface DatabaseDrill {
  readonly content: DatabaseContent;
  /** Of an empty server, as an account that may do everything. */
  readonly connection: Connection;
  readonly tools: ClientTools;
  readonly steps: Steps;
  readonly work: VerifyWork;
  readonly findings: Findings;
}

/**
 * Restores a dump into a database of its own name and compares what came of it with what the backup says it holds. What
 * differs is added to the findings. Rejects with LOAD_FAILED, reason DRILL_UNFIT, where it is the server that does not
 * suit the dump, and with ARTIFACT_CORRUPT where the dump is not what was stored.
 */
export async function drillDatabase(drill: DatabaseDrill): Promise<TableCheck[]> {
  const { content, steps, work, findings } = drill;
  const { summary } = content;
  const connection = { ...drill.connection, database: summary.name };
  const size = content.size(null);
  const version = await makeDatabase(drill, summary);
  const observe = steps.begin("DATABASE", size);
  const splitter = new DumpSplitter({ rowPerLine: summary.flavour === "mariadb" });
  const load = { connection, tools: drill.tools, content, tables: null, expected: summary, observe, signal: work.signal, say: work.say };
  try {
    await loadDump(load, summary.name, splitter);
    await makeAccounts(drill, splitter.definers);
    await runScriptText({ connection, tools: drill.tools, schema: summary.name, signal: work.signal }, splitter.definitions());
  } catch (error) {
    throw verdictOn(error, summary, version);
  }
  work.say("INFO", `Loaded ${summary.tables.length} tables; comparing them with the manifest.`);
  const compared = steps.begin("VERIFYING", size);
  return withSession(
    connection,
    async (session) => {
      const checks = await compareTables(session, summary, (part, item) => compared({ bytes: size * part, item }));
      findings.add(...checks.flatMap(({ table, problem }) => (problem === null ? [] : [`Table ${table}: ${problem}`])));
      findings.add(...(await extraTables(session, summary)), ...(await compareDefinitions(session, summary, work)));
      return checks;
    },
    { signal: work.signal },
  );
}

/** The server's version. */
async function makeDatabase({ connection, work }: DatabaseDrill, summary: DatabaseSummary): Promise<string> {
  return withSession(
    connection,
    async (session) => {
      const [server] = await select<{ version: string }>(session, "SELECT VERSION() AS version");
      const version = server?.version ?? "";
      await prepareToChange(session);
      await session.query(`CREATE DATABASE ${quoteName(summary.name)} ${charsetClause(summary)}`).catch((cause: unknown) => {
        throw unfit(version, summary, messageOf(cause), cause);
      });
      return version;
    },
    { database: false, signal: work.signal },
  );
}

/** Definitions run as accounts that only the real server has: views on such views could not even be made without them. */
async function makeAccounts({ connection, work }: DatabaseDrill, definers: ReadonlySet<string>): Promise<void> {
  await withSession(
    connection,
    async (session) => {
      for (const definer of definers) {
        const account = accountOf(definer);
        if (account === null) continue;
        const kind = account.includes("`@`") ? "USER" : "ROLE";
        try {
          await session.query(`CREATE ${kind} IF NOT EXISTS ${account}`);
          await session.query(`GRANT ALL ON *.* TO ${account}`);
        } catch (cause) {
          work.say("WARN", `The account ${account}, which definitions run as, could not be made: ${messageOf(cause)}`);
        }
      }
    },
    { database: false, signal: work.signal },
  );
}

/** The server's errors that speak of what it is, not of what the dump is: options, engines, character sets and functions that it lacks. */
const unknownHere = /\b(?:1005|1071|1115|1128|1193|1273|1286|1295|1478|1911|4161)\b/;
/** The server or the connection to it went, or its disk is full. */
const serverTrouble = /\b(?:1021|1041|1114|1153|2002|2003|2006|2013)\b/;

/** What a refused load amounts to: damage of the backup, as ARTIFACT_CORRUPT, or a server that the dump does not suit. */
function verdictOn(error: unknown, summary: DatabaseSummary, version: string): unknown {
  if (!(error instanceof Failure && error.code === "LOAD_FAILED" && error.reason === "SQL_ERROR")) return error;
  if (serverTrouble.test(error.message)) return error;
  if (summary.flavour === "mysql" || isOlder(version, summary.serverVersion) || unknownHere.test(error.message))
    return unfit(version, summary, error.message, error);
  return new Failure("ARTIFACT_CORRUPT", error.message, error.hint, { cause: error, reason: "SQL_ERROR" });
}

function unfit(version: string, summary: DatabaseSummary, said: string, cause: unknown): Failure {
  const from = `${summary.flavour === "mysql" ? "MySQL" : "MariaDB"} ${summary.serverVersion}`;
  return new Failure(
    "LOAD_FAILED",
    `The drill could not be carried out: its server, MariaDB ${version}, does not take what ${from} wrote. ${said}`,
    "Install a MariaDB server on this machine that is not older than the source's, or verify by checksum.",
    { cause, reason: "DRILL_UNFIT" },
  );
}

/** Compares major and minor version. */
function isOlder(version: string, than: string): boolean {
  const [mine = 0, other = 0] = [version, than].map((text) => {
    const [major = 0, minor = 0] = text.split(".").map((part) => Number.parseInt(part, 10) || 0);
    return major * 1000 + minor;
  });
  return mine < other;
}
