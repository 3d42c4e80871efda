import { formatCount } from "../../../shared/format.ts";
import { Failure, messageOf } from "../../domain/errors.ts";
import type { Running } from "../part.ts";
import { count, type Session, select } from "./client.ts";
import { qualify, quoteName } from "./names.ts";

/** A foreign key of a table that stays, to a table that is exchanged. */
export interface Reference {
  readonly table: string;
  readonly name: string;
  /** As SHOW CREATE TABLE has it, from CONSTRAINT on. */
  readonly clause: string;
}

/** A foreign key, and the table that it leads to. */
export interface Key {
  readonly schema: string;
  readonly table: string;
  readonly name: string;
  readonly parentSchema: string;
  readonly parent: string;
}

/** The foreign keys of `schema`'s tables. */
export const keysOf = (session: Session, schema: string) =>
  select<Key>(
    session,
    `SELECT CONSTRAINT_SCHEMA AS \`schema\`, TABLE_NAME AS \`table\`, CONSTRAINT_NAME AS name,
       UNIQUE_CONSTRAINT_SCHEMA AS parentSchema, REFERENCED_TABLE_NAME AS parent
     FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = ? ORDER BY 2, 3`,
    [schema],
  );

/** The foreign keys of the tables that stay in `schema` to those that come or go. */
export async function referencesInto(session: Session, schema: string, moving: readonly string[]): Promise<Reference[]> {
  const keys = (await keysOf(session, schema)).filter(
    ({ table, parentSchema, parent }) => parentSchema === schema && moving.includes(parent) && !moving.includes(table),
  );
  const references: Reference[] = [];
  for (const key of keys) references.push({ table: key.table, name: key.name, clause: await clauseOf(session, key) });
  return references;
}

async function clauseOf(session: Session, { schema, table, name }: Key): Promise<string> {
  const [shown] = await select<{ "Create Table": string }>(session, `SHOW CREATE TABLE ${qualify(schema, table)}`);
  const line = shown?.["Create Table"].split("\n").find((text) => text.trim().startsWith(`CONSTRAINT ${quoteName(name)} FOREIGN KEY`));
  if (!line) throw new Error(`The foreign key ${name} of ${table} is not where it was`);
  return line.trim().replace(/,$/, "");
}

/**
 * Leads every foreign key of `target` to the tables that are there now. RENAME takes the reference of a table that stays
 * along with the old table, and a restored table that refers to one that was not restored with it still names the schema
 * beside. A key cannot be changed in one step, so those in `references` are made again also where they are gone.
 */
export async function mendReferences(
  session: Session,
  {
    target,
    beside,
    references,
  }: { readonly target: string; readonly beside: readonly string[]; readonly references: readonly Reference[] },
): Promise<void> {
  const keys = await keysOf(session, target);
  for (const key of keys) {
    if (!beside.includes(key.parentSchema)) continue;
    const known = references.find(({ table, name }) => table === key.table && name === key.name);
    const clause = known?.clause ?? (await clauseOf(session, key)).replace(`REFERENCES ${quoteName(key.parentSchema)}.`, "REFERENCES ");
    await session.query(`ALTER TABLE ${qualify(target, key.table)} DROP FOREIGN KEY ${quoteName(key.name)}`);
    await addReference(session, target, { table: key.table, name: key.name, clause });
  }
  for (const reference of references)
    if (!keys.some(({ table, name }) => table === reference.table && name === reference.name))
      await addReference(session, target, reference);
}

async function addReference(session: Session, target: string, { table, clause }: Reference): Promise<void> {
  await session.query(`ALTER TABLE ${qualify(target, table)} ADD ${clause}`).catch((error: unknown) => {
    throw new Failure(
      "LOAD_FAILED",
      `The table ${table} refers to a table of the backup in a way that this does not allow: ${messageOf(error)}`,
      `Restore ${table} with it, or drop that foreign key first: ${clause}.`,
      { cause: error, reason: "REFERENCE_UNFIT" },
    );
  });
}

/** Where the tables lie that are to be looked at: those that come in one schema, the others in the target. */
interface Places {
  readonly target: string;
  readonly staged: string;
  readonly incoming: readonly string[];
}

/** Says, as warnings, how many rows will point nowhere once the tables have come, for each foreign key between what comes and what stays. */
export async function tellLostRows(session: Session, { target, staged, incoming }: Places, { say }: Pick<Running, "say">): Promise<void> {
  const stays = (table: string) => !incoming.includes(table);
  const from = (await keysOf(session, target)).filter(
    ({ table, parentSchema, parent }) => stays(table) && parentSchema === target && !stays(parent),
  );
  const into = (await keysOf(session, staged)).filter(
    ({ table, parentSchema, parent }) => !stays(table) && parentSchema === staged && stays(parent),
  );
  for (const key of [...from, ...into]) {
    const lost = await countLost(session, key, stays(key.parent) ? target : staged);
    if (lost > 0)
      say(
        "WARN",
        `${formatCount(lost, "row")} of ${key.table} ${lost === 1 ? "refers" : "refer"} to rows of ${key.parent} that are not there (foreign key ${key.name}).`,
      );
  }
}

async function countLost(session: Session, { schema, table, name, parent }: Key, parentSchema: string): Promise<number> {
  const columns = await select<{ own: string; theirs: string }>(
    session,
    `SELECT COLUMN_NAME AS own, REFERENCED_COLUMN_NAME AS theirs FROM information_schema.KEY_COLUMN_USAGE
     WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND CONSTRAINT_NAME = ? ORDER BY ORDINAL_POSITION`,
    [schema, table, name],
  );
  const [there] = await select(session, "SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?", [
    parentSchema,
    parent,
  ]);
  const filled = columns.map(({ own }) => `c.${quoteName(own)} IS NOT NULL`).join(" AND ");
  const same = columns.map(({ own, theirs }) => `p.${quoteName(theirs)} = c.${quoteName(own)}`).join(" AND ");
  const missing = there ? ` AND NOT EXISTS (SELECT 1 FROM ${qualify(parentSchema, parent)} AS p WHERE ${same})` : "";
  return count(session, `${qualify(schema, table)} AS c WHERE ${filled}${missing}`).catch((error: unknown) => {
    throw new Failure(
      "LOAD_FAILED",
      `The foreign key ${name} of ${table} does not fit the table ${parent}: ${messageOf(error)}`,
      `Restore ${table} and ${parent} together, or drop that foreign key first.`,
      { cause: error, reason: "REFERENCE_UNFIT" },
    );
  });
}
