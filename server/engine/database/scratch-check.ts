import { Failure } from "../../domain/errors.ts";
import { type Session, select } from "./client.ts";
import { qualify, quoteName, unquote } from "./names.ts";
import { currentAccount } from "./privileges.ts";
import type { Definition } from "./scripts.ts";

/** Refuses a target that tables of another schema refer to: a swap would leave those references on the old tables. */
export async function refuseOutsideReferences(session: Session, target: string): Promise<void> {
  const rows = await select<{ schema: string; name: string; table: string }>(
    session,
    `SELECT CONSTRAINT_SCHEMA AS \`schema\`, TABLE_NAME AS \`table\`, CONSTRAINT_NAME AS name
     FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE UNIQUE_CONSTRAINT_SCHEMA = ? AND CONSTRAINT_SCHEMA <> ? LIMIT 5`,
    [target, target],
  );
  if (rows.length === 0) return;
  const names = rows.map(({ schema, table, name }) => `${schema}.${table} (${name})`).join(", ");
  throw new Failure(
    "LOAD_FAILED",
    `Tables of other databases refer to ${target} by foreign keys: ${names}.`,
    "Drop those foreign keys for the time of the restore, and add them again after it.",
    { reason: "OUTSIDE_REFERENCES" },
  );
}

const probe = "_holdfast_probe";
const denied: readonly unknown[] = [
  "ER_SPECIFIC_ACCESS_DENIED_ERROR",
  "ER_BINLOG_CREATE_ROUTINE_NEED_SUPER",
  "ER_ACCESS_DENIED_ERROR",
  "ER_DBACCESS_DENIED_ERROR",
];

/**
 * Tries in the scratch schema, before the target is touched, what the definitions will ask of the account: to make
 * things in the name of others, and triggers and functions under a binary log. Throws LOAD_FAILED with what mends it.
 */
export async function tryDefinitions(session: Session, scratch: string, definitions: readonly Definition[]): Promise<void> {
  const account = await currentAccount(session);
  for (const definer of new Set(definitions.flatMap(({ definer }) => definer ?? []))) {
    const quoted = accountOf(definer);
    if (!quoted || quoted === account.replaceAll("'", "`")) continue;
    await attempt(
      session,
      `CREATE DEFINER = ${quoted} PROCEDURE ${qualify(scratch, probe)} () BEGIN END`,
      `DROP PROCEDURE ${qualify(scratch, probe)}`,
      (said) => ({
        message: `Definitions of the backup, or of the database that it replaces, run as ${quoted}, and the account may not make such: ${said}.`,
        hint: `Run as an administrator of the database: GRANT SET USER ON *.* TO ${account}; (MariaDB), GRANT SET_USER_ID ON *.* TO ${account}; (MySQL 8.0) or GRANT SET_ANY_DEFINER ON *.* TO ${account}; (MySQL 8.2 and newer).`,
      }),
    );
  }
  if (!definitions.some(({ kind }) => kind === "trigger" || kind === "procedure" || kind === "function")) return;
  await session.query(`CREATE TABLE ${qualify(scratch, probe)} (id int)`);
  await attempt(
    session,
    `CREATE TRIGGER ${qualify(scratch, probe)} BEFORE INSERT ON ${qualify(scratch, probe)} FOR EACH ROW SET @holdfast = 1`,
    `DROP TRIGGER ${qualify(scratch, probe)}`,
    (said) => ({
      message: `The account may not make the backup's triggers and functions: ${said}.`,
      hint: "The server keeps a binary log: run SET GLOBAL log_bin_trust_function_creators = 1; as an administrator of the database, or give the account the privilege that the server names.",
    }),
  );
  await session.query(`DROP TABLE ${qualify(scratch, probe)}`);
}

async function attempt(
  session: Session,
  make: string,
  remove: string,
  explain: (said: string) => { message: string; hint: string },
): Promise<void> {
  try {
    await session.query(make);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && denied.includes(error.code))) throw error;
    const { message, hint } = explain(error.message.replace(/\.$/, ""));
    throw new Failure("LOAD_FAILED", message, hint, { cause: error, reason: "PRIVILEGES_MISSING" });
  }
  await session.query(remove);
}

/** A definer as it stands in a dump, quoted the same under every sql_mode; null for CURRENT_USER. */
export function accountOf(definer: string): string | null {
  if (/^current_user/i.test(definer)) return null;
  const parts = /^(?<name>`(?:[^`]|``)*`|"(?:[^"]|"")*"|'(?:[^']|'')*'|[^@]+?)\s*(?:@\s*(?<host>.+))?$/s.exec(definer)?.groups;
  const name = quoteName(unquote(parts?.name ?? definer));
  return parts?.host ? `${name}@${quoteName(unquote(parts.host))}` : name;
}
