import { formatCount } from "../../shared/format.ts";
import type { Connection } from "../domain/connection.ts";
import { Failure, messageOf } from "../domain/errors.ts";
import type { DatabaseSummary } from "../domain/manifest.ts";
import { noLimits, type SourceLimits } from "../domain/source-load.ts";
import type { TableCheck } from "../domain/verification.ts";
import type { DatabaseContent } from "./content.ts";
import { select, withSession } from "./database/client.ts";
import { loadDump } from "./database/load.ts";
import { quoteName } from "./database/names.ts";
import { runScriptText } from "./database/restricted-client.ts";
import { charsetClause, prepareToChange } from "./database/schema-change.ts";
import { accountOf } from "./database/scratch-check.ts";
import { DumpSplitter, type SplitDump } from "./database/scripts.ts";
import type { ClientTools } from "./part.ts";
import type { Findings } from "./verify-findings.ts";
import type { Steps, VerifyWork } from "./verify-steps.ts";
import { compareDefinitions, compareTables } from "./verify-tables.ts";

export interface DatabaseDrill {
  readonly content: DatabaseContent;
  /** Of an empty server, as an account that may do everything. */
  readonly connection: Connection;
  readonly tools: ClientTools;
  /** What it may take of this machine; no limits when left out. */
  readonly limits?: SourceLimits;
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
  const { tools } = drill;
  const connection = { ...drill.connection, database: summary.name };
  const size = content.size(null);
  const version = await makeDatabase(drill, summary);
  const observe = steps.begin("DATABASE", size);
  const splitter = new DumpSplitter({ rowPerLine: summary.flavour === "mariadb" });
  const load = { connection, tools, limits: drill.limits ?? noLimits, content, tables: null, expected: summary, observe, ...work };
  try {
    await loadDump(load, summary.name, splitter);
  } catch (error) {
    throw verdictOn(error, summary, version);
  }
  work.say("INFO", `Loaded ${formatCount(summary.tables.length, "table")}; comparing each with the manifest.`);
  const compared = steps.begin("VERIFYING", size);
  const checks = await compareTables({
    ...{ content, connection, tools, limits: drill.limits ?? noLimits },
    ...work,
    observe: (bytes) => compared({ bytes, item: null }),
  });
  findings.add(...checks.flatMap(({ table, problem }) => (problem === null ? [] : [`Table ${table}: ${problem}`])));
  // Definitions come last: views may name each other and accounts, triggers and events must not touch what is compared.
  await makeAccounts(drill, splitter);
  try {
    const script = splitter.definitions(() => true, summary.name);
    await runScriptText({ connection, tools, schema: summary.name, signal: work.signal }, script);
  } catch (error) {
    const verdict = verdictOn(error, summary, version);
    await findings.look(() => Promise.reject(verdict));
    return checks;
  }
  findings.add(...(await withSession(connection, (session) => compareDefinitions(session, summary, work), { signal: work.signal })));
  return checks;
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
async function makeAccounts({ connection, work }: DatabaseDrill, { made }: SplitDump): Promise<void> {
  await withSession(
    connection,
    async (session) => {
      for (const definer of new Set(made.flatMap(({ definer }) => definer ?? []))) {
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
const unknownHere = /errno: 140|\b(?:1071|1115|1128|1193|1273|1286|1295|1478|1911|4161)\b/;
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
