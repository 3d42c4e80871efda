import { Failure } from "../../domain/errors.ts";
import type { SharedSnapshot } from "../../domain/manifest.ts";
import { type Session, select } from "./client.ts";
import { type Grants, parseGrants } from "./grants.ts";
import { quoteAccount, quoteName, quotePattern } from "./names.ts";

/** What an account lacks for a task, and the statements that give it. */
export interface Missing {
  readonly privileges: readonly string[];
  readonly grants: readonly string[];
}

const forDump = ["SELECT", "SHOW VIEW", "TRIGGER", "EVENT"] as const;
const forRestore = [
  ...["SELECT", "INSERT", "CREATE", "DROP", "ALTER", "INDEX", "REFERENCES", "LOCK TABLES", "CREATE VIEW", "SHOW VIEW"],
  ...["TRIGGER", "EVENT", "CREATE ROUTINE", "ALTER ROUTINE", "EXECUTE"],
] as const;

/**
 * What keeps a dump of `database` from being whole. A dump program says nothing of triggers and routines that it may
 * not see and ends well, so this has to be known beforehand.
 */
export async function missingForDump(session: Session, database: string): Promise<Missing> {
  const { grants, account } = await accountGrants(session);
  const lacking = forDump.filter((privilege) => !grants.on(database, privilege));
  const statements = lacking.length ? [`GRANT ${lacking.join(", ")} ON ${grantedName(grants, database)}.* TO ${account};`] : [];
  if (await seesRoutines(session, database, grants)) return { privileges: lacking, grants: statements };
  const mariadb = await isMariadb(session);
  return {
    privileges: [...lacking, mariadb ? "SELECT ON mysql.proc" : "SHOW_ROUTINE"],
    grants: [...statements, mariadb ? `GRANT SELECT ON \`mysql\`.\`proc\` TO ${account};` : `GRANT SHOW_ROUTINE ON *.* TO ${account};`],
  };
}

/** What keeps `database` from being emptied and filled again. */
export async function missingForRestore(session: Session, database: string): Promise<Missing> {
  const { grants, account } = await accountGrants(session);
  const lacking = forRestore.filter((privilege) => !grants.on(database, privilege));
  return { privileges: lacking, grants: lacking.length ? [`GRANT ALL ON ${grantedName(grants, database)}.* TO ${account};`] : [] };
}

/** How the account may keep others from writing to `database` for a moment, the best first. */
export async function lockMethods(session: Session, database: string): Promise<SharedSnapshot["method"][]> {
  const { grants } = await accountGrants(session);
  return [
    ...(grants.globally("RELOAD") ? (["FLUSH_TABLES"] as const) : []),
    ...(grants.on(database, "LOCK TABLES") ? (["LOCK_TABLES"] as const) : []),
  ];
}

/** The Failure that a lack amounts to, with the statements that mend it as the hint. */
export function lackOf(missing: Missing, purpose: string): Failure {
  return new Failure(
    "SOURCE_UNAVAILABLE",
    `The database account lacks privileges that ${purpose} needs: ${missing.privileges.join(", ")}.`,
    `Run as an administrator of the database: ${missing.grants.join(" ")}`,
    { reason: "PRIVILEGES_MISSING" },
  );
}

/** The database as it has to stand in a further GRANT. */
function grantedName(grants: Grants, database: string): string {
  const pattern = grants.patternFor(database);
  return pattern === null ? quotePattern(database) : quoteName(pattern);
}

/** The account as GRANT takes it. */
export async function currentAccount(session: Session): Promise<string> {
  const [row] = await select<{ account: string }>(session, "SELECT CURRENT_USER() AS account");
  return quoteAccount(row?.account ?? "");
}

async function isMariadb(session: Session): Promise<boolean> {
  const [row] = await select<{ version: string }>(session, "SELECT VERSION() AS version");
  return /mariadb/i.test(row?.version ?? "");
}

async function accountGrants(session: Session): Promise<{ grants: Grants; account: string }> {
  const rows = await select<Record<string, string>>(session, await showGrants(session));
  return { grants: parseGrants(rows.flatMap((row) => Object.values(row))), account: await currentAccount(session) };
}

/** MariaDB lists what the active role gives; MySQL has to be asked with the roles by name. */
async function showGrants(session: Session): Promise<string> {
  if (await isMariadb(session)) return "SHOW GRANTS";
  const [row] = await select<{ roles: string | null }>(session, "SELECT CURRENT_ROLE() AS roles").catch(() => []);
  return row?.roles && row.roles !== "NONE" ? `SHOW GRANTS FOR CURRENT_USER() USING ${row.roles}` : "SHOW GRANTS";
}

/** True when every routine of the database can be dumped, also because there are none or the account made them all. */
async function seesRoutines(session: Session, database: string, grants: Grants): Promise<boolean> {
  if (grants.globally("SELECT") || grants.onTable("mysql", "proc", "SELECT")) return true;
  if (grants.globally("SHOW_ROUTINE") || grants.byName(database, "SHOW CREATE ROUTINE")) return true;
  // With one of these the account sees that a routine is there; without, it cannot know.
  const lists = ["EXECUTE", "ALTER ROUTINE", "CREATE ROUTINE"].some((privilege) => grants.on(database, privilege));
  if (!lists) return false;
  // Selected, not only compared: the server leaves a column of information_schema empty that is not asked for.
  const routines = await select<{ body: string | null }>(
    session,
    "SELECT ROUTINE_DEFINITION AS body FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ?",
    [database],
  );
  return routines.every(({ body }) => body !== null);
}
