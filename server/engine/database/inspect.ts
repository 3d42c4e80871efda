import type { Connection } from "../../domain/connection.ts";
import { Failure } from "../../domain/errors.ts";
import { printable, type Session, select, withSession } from "./client.ts";
import { missingForDump } from "./privileges.ts";

export interface TableFacts {
  readonly name: string;
  /** A history is a system-versioned table. */
  readonly kind: "table" | "sequence" | "history";
  readonly engine: string | null;
  readonly bytes: number;
  /** The server's estimate. */
  readonly rowsEstimate: number;
}

/** The names of everything in a database that is no table. Packages count as procedures. */
export interface DefinitionNames {
  readonly views: readonly string[];
  readonly triggers: readonly string[];
  readonly procedures: readonly string[];
  readonly functions: readonly string[];
  readonly events: readonly string[];
}

export interface DatabaseFacts {
  readonly flavour: "mariadb" | "mysql";
  readonly serverVersion: string;
  readonly characterSet: string;
  readonly collation: string;
  readonly tables: readonly TableFacts[];
  readonly definitions: DefinitionNames;
  /** Data without indexes, as the server estimates it. */
  readonly dataBytes: number;
}

/** What a database holds, by the server's own books. Rejects with SOURCE_UNAVAILABLE when it cannot be reached. */
export const inspectDatabase = (connection: Connection): Promise<DatabaseFacts> =>
  withSession(connection, (session) => inspectSchema(session, connection.database));

/** The same for any schema that the session may see. */
export async function inspectSchema(session: Session, schema: string): Promise<DatabaseFacts> {
  const [server] = await select<{ version: string }>(session, "SELECT VERSION() AS version");
  const [defaults] = await select<{ characterSet: string; collation: string }>(
    session,
    "SELECT DEFAULT_CHARACTER_SET_NAME AS characterSet, DEFAULT_COLLATION_NAME AS collation FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?",
    [schema],
  );
  if (!defaults)
    throw new Failure(
      "SOURCE_UNAVAILABLE",
      `There is no database ${schema}, or the account may not see it.`,
      "Check the name of the database.",
    );
  const tables = await tablesOf(session, schema);
  // It goes into log lines and on to terminals, and a server may say anything.
  const version = printable(server?.version ?? "");
  return {
    flavour: /mariadb/i.test(version) ? "mariadb" : "mysql",
    serverVersion: version,
    ...defaults,
    tables,
    definitions: await definitionsOf(session, schema),
    dataBytes: tables.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

const kinds: Readonly<Record<string, TableFacts["kind"]>> = { "BASE TABLE": "table", SEQUENCE: "sequence", "SYSTEM VERSIONED": "history" };

async function tablesOf(session: Session, schema: string): Promise<TableFacts[]> {
  const rows = await select<{ name: string; type: string; engine: string | null; bytes: unknown; estimate: unknown }>(
    session,
    `SELECT TABLE_NAME AS name, TABLE_TYPE AS type, ENGINE AS engine, DATA_LENGTH AS bytes, TABLE_ROWS AS estimate
     FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_TYPE <> 'VIEW' ORDER BY TABLE_NAME`,
    [schema],
  );
  return rows.flatMap(({ name, type, engine, bytes, estimate }) => {
    const kind = kinds[type];
    return kind ? [{ name, kind, engine, bytes: Number(bytes ?? 0), rowsEstimate: Number(estimate ?? 0) }] : [];
  });
}

/** The names of a schema's views, triggers, routines and events. */
export async function definitionsOf(session: Session, schema: string): Promise<DefinitionNames> {
  const names = async (sql: string) => (await select<{ name: string }>(session, `${sql} ORDER BY 1`, [schema])).map(({ name }) => name);
  const routines = await select<{ name: string; type: string }>(
    session,
    "SELECT ROUTINE_NAME AS name, ROUTINE_TYPE AS type FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ? ORDER BY 1, 2",
    [schema],
  );
  return {
    views: await names("SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_TYPE = 'VIEW'"),
    triggers: await names("SELECT TRIGGER_NAME AS name FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ?"),
    procedures: routines.filter(({ type }) => type !== "FUNCTION").map(({ name }) => name),
    functions: routines.filter(({ type }) => type === "FUNCTION").map(({ name }) => name),
    events: await names("SELECT EVENT_NAME AS name FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ?"),
  };
}

/** How many of each. */
export const countDefinitions = (names: DefinitionNames) => ({
  views: names.views.length,
  triggers: names.triggers.length,
  procedures: names.procedures.length,
  functions: names.functions.length,
  events: names.events.length,
});

export interface ConnectionCheck {
  /** True when a whole dump can be taken. */
  readonly ok: boolean;
  readonly serverVersion: string | null;
  readonly missingPrivileges: readonly string[];
  /** The statements that give them. */
  readonly grants: readonly string[];
  readonly message: string | null;
  readonly hint: string | null;
  readonly tables: number | null;
  readonly bytes: number | null;
}

/** Whether a database can be reached and dumped whole; foreseen failures are told in the answer. */
export async function checkConnection(connection: Connection): Promise<ConnectionCheck> {
  const nothing = { serverVersion: null, missingPrivileges: [], grants: [], tables: null, bytes: null };
  try {
    return await withSession(connection, async (session) => {
      const facts = await inspectSchema(session, connection.database);
      const missing = await missingForDump(session, connection.database);
      const ok = missing.privileges.length === 0;
      return {
        ok,
        serverVersion: facts.serverVersion,
        missingPrivileges: missing.privileges,
        grants: missing.grants,
        message: ok ? null : `The account lacks privileges that a whole backup needs: ${missing.privileges.join(", ")}.`,
        hint: ok ? null : "Run the statements below as an administrator of the database.",
        tables: facts.tables.length,
        bytes: facts.dataBytes,
      };
    });
  } catch (error) {
    if (error instanceof Failure) return { ...nothing, ok: false, message: error.message, hint: error.hint ?? null };
    throw error;
  }
}
