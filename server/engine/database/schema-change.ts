import { type Session, select } from "./client.ts";
import { definitionsOf } from "./inspect.ts";
import { qualify, quoteName } from "./names.ts";

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

/** Removes events, views, routines and triggers, in the order in which they could disturb; tables stay. */
export async function dropDefinitions(session: Session, schema: string): Promise<void> {
  const { events, views, triggers } = await definitionsOf(session, schema);
  for (const name of events) await session.query(`DROP EVENT IF EXISTS ${qualify(schema, name)}`);
  for (const name of views) await session.query(`DROP VIEW IF EXISTS ${qualify(schema, name)}`);
  const routines = await select<{ name: string; type: string }>(
    session,
    "SELECT ROUTINE_NAME AS name, ROUTINE_TYPE AS type FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ? ORDER BY ROUTINE_TYPE DESC",
    [schema],
  );
  for (const { name, type } of routines) await session.query(`DROP ${type} IF EXISTS ${qualify(schema, name)}`);
  for (const name of triggers) await session.query(`DROP TRIGGER IF EXISTS ${qualify(schema, name)}`);
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

/**
 * A foreign key that leads nowhere keeps the name of the scratch schema when its table is moved out of there, since no
 * table that it leads to moves with it. Such keys are made anew with the schema that their table is in.
 */
export async function mendReferences(
  session: Session,
  { target, scratch }: { readonly target: string; readonly scratch: string },
): Promise<void> {
  const rows = await select<{ table: string; name: string }>(
    session,
    `SELECT TABLE_NAME AS \`table\`, CONSTRAINT_NAME AS name FROM information_schema.REFERENTIAL_CONSTRAINTS
     WHERE CONSTRAINT_SCHEMA = ? AND UNIQUE_CONSTRAINT_SCHEMA = ?`,
    [target, scratch],
  );
  for (const { table, name } of rows) {
    const [shown] = await select<{ "Create Table": string }>(session, `SHOW CREATE TABLE ${qualify(target, table)}`);
    const line = shown?.["Create Table"].split("\n").find((text) => text.trim().startsWith(`CONSTRAINT ${quoteName(name)} FOREIGN KEY`));
    if (!line) throw new Error(`The foreign key ${name} of ${table} is not where it was`);
    const key = line
      .trim()
      .replace(/,$/, "")
      .replace(`REFERENCES ${quoteName(scratch)}.`, "REFERENCES ");
    await session.query(`ALTER TABLE ${qualify(target, table)} DROP FOREIGN KEY ${quoteName(name)}`);
    await session.query(`ALTER TABLE ${qualify(target, table)} ADD ${key}`);
  }
}

export async function setCharset(session: Session, schema: string, charset: SchemaCharset): Promise<void> {
  await session.query(`ALTER DATABASE ${quoteName(schema)} ${charsetClause(charset)}`);
}

/** The names come from a manifest or a server: anything but a word is refused rather than quoted. */
export function charsetClause({ characterSet, collation }: SchemaCharset): string {
  if (!/^\w+$/.test(characterSet) || !/^\w+$/.test(collation)) throw new Error(`Not a character set: ${characterSet} ${collation}`);
  return `CHARACTER SET ${characterSet} COLLATE ${collation}`;
}
