import { type Session, select } from "./client.ts";
import { qualify, quoteName } from "./names.ts";
import type { DefinitionName } from "./scripts.ts";

/** Character set and collation that new tables of a schema get. */
export interface SchemaCharset {
  readonly characterSet: string;
  readonly collation: string;
}

/** Long enough for a busy shop's transactions to end, short enough to give up while somebody waits. */
const lockSeconds = 30;

/** Sets a session up to change the structure of a schema: no foreign key checks, and a bounded wait for locks. */
export async function prepareToChange(session: Session): Promise<void> {
  await session.query(`SET SESSION foreign_key_checks = 0, lock_wait_timeout = ${lockSeconds}, sql_mode = ''`);
}

/** Tables and sequences of a schema. */
export async function tableNames(session: Session, schema: string): Promise<string[]> {
  const rows = await select<{ name: string }>(
    session,
    "SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_TYPE <> 'VIEW' ORDER BY TABLE_NAME",
    [schema],
  );
  return rows.map(({ name }) => name);
}

export async function schemaExists(session: Session, schema: string): Promise<boolean> {
  const rows = await select(session, "SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?", [schema]);
  return rows.length > 0;
}

/** A view, trigger, routine or event as it stands in a schema. */
export interface PresentDefinition extends DefinitionName {
  /** A trigger's; null for all others. */
  readonly table: string | null;
  /** What DROP calls it. */
  readonly word: string;
}

/** All of a schema's, in the order in which removing them disturbs least: events would fire, views name what goes after them. */
export async function presentDefinitions(session: Session, schema: string): Promise<PresentDefinition[]> {
  const rows = await select<{ name: string; word: string; table: string | null }>(
    session,
    `SELECT EVENT_NAME AS name, 'EVENT' AS word, NULL AS \`table\` FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ?
     UNION ALL SELECT TABLE_NAME, 'VIEW', NULL FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_TYPE = 'VIEW'
     UNION ALL SELECT * FROM (SELECT ROUTINE_NAME, ROUTINE_TYPE, NULL FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ? ORDER BY ROUTINE_TYPE DESC LIMIT 18446744073709551615) AS routines
     UNION ALL SELECT TRIGGER_NAME, 'TRIGGER', EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ?`,
    [schema, schema, schema, schema],
  );
  return rows.map(({ name, word, table }) => ({ kind: kinds[word] ?? "procedure", name, table, word }));
}

const kinds: Readonly<Record<string, DefinitionName["kind"]>> = { EVENT: "event", VIEW: "view", TRIGGER: "trigger", FUNCTION: "function" };

/** Removes events, views, routines and triggers: all, or those that `which` says; tables stay. */
export async function dropDefinitions(
  session: Session,
  schema: string,
  which: (definition: PresentDefinition) => boolean = () => true,
): Promise<void> {
  for (const definition of (await presentDefinitions(session, schema)).filter(which))
    await session.query(`DROP ${definition.word} IF EXISTS ${qualify(schema, definition.name)}`);
}

/** Removes tables and sequences: those in `names`, or all. */
export async function dropTables(session: Session, schema: string, names?: readonly string[]): Promise<void> {
  const rows = await select<{ name: string; type: string }>(
    session,
    "SELECT TABLE_NAME AS name, TABLE_TYPE AS type FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_TYPE <> 'VIEW'",
    [schema],
  );
  for (const { name, type } of rows)
    if (!names || names.includes(name))
      await session.query(`DROP ${type === "SEQUENCE" ? "SEQUENCE" : "TABLE"} IF EXISTS ${qualify(schema, name)}`);
}

export async function setCharset(session: Session, schema: string, charset: SchemaCharset): Promise<void> {
  await session.query(`ALTER DATABASE ${quoteName(schema)} ${charsetClause(charset)}`);
}

/** The names come from a manifest or a server: anything but a word is refused rather than quoted. */
export function charsetClause({ characterSet, collation }: SchemaCharset): string {
  if (!/^\w+$/.test(characterSet) || !/^\w+$/.test(collation)) throw new Error(`Not a character set: ${characterSet} ${collation}`);
  return `CHARACTER SET ${characterSet} COLLATE ${collation}`;
}
