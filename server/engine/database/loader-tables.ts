import type { RowStretch } from "../content.ts";
import { type Session, select } from "./client.ts";
import { counterOf, type DeferredKeys, deferredKeys, type ForeignKey, isSameTable, referencesIn } from "./deferred-keys.ts";
import { differ } from "./differ.ts";
import { qualify, unquote } from "./names.ts";
import { keysOf } from "./references.ts";

/** A table whose rows are loaded, as it was made. */
export interface LoaderTable {
  readonly table: string;
  /** The columns that rows are given for. */
  readonly columns: readonly string[];
  /** Those that may hold what was no value of theirs, such as ''. */
  readonly loose: readonly string[];
  readonly stretches: readonly RowStretch[];
  readonly size: number;
  /** How long its rows and its keys take, in bytes of rows that take as long. */
  readonly effort: number;
  /** The server's own text of it; null where nothing of it is put off. */
  readonly create: string | null;
  /** What is put off until its rows are there; null where its rows find it whole. */
  readonly deferred: DeferredKeys | null;
}

/** The tables' columns, and what of the large ones is better made after their rows. */
export async function lookAt(
  session: Session,
  schema: string,
  wanted: readonly (readonly [table: string, stretches: readonly RowStretch[]])[],
  deferFrom: number,
): Promise<LoaderTable[]> {
  const columns = await columnsOf(session, schema);
  const tables: LoaderTable[] = [];
  for (const [table, stretches] of wanted) {
    const found = columns.get(table);
    if (!found) throw differ(`table ${table} is missing`);
    const size = stretches.reduce((sum, stretch) => sum + stretch.size, 0);
    const create = size >= deferFrom ? await createOf(session, schema, table) : null;
    const deferred = create === null ? null : deferredKeys(create);
    const rows = stretches.reduce((sum, stretch) => sum + stretch.rows, 0);
    tables.push({ table, stretches, size, effort: effortOf(deferred, rows, size), ...found, create, deferred });
  }
  return tables;
}

/** Measured: an entry of a key takes as long as 25 bytes of rows, and to index the words of a table more than twice as long as to load it. */
export function effortOf(deferred: Pick<DeferredKeys, "keys"> | null, rows: number, size: number): number {
  const keys = deferred?.keys ?? [];
  const slow = keys.filter(({ alone }) => alone).length;
  return size + (keys.length - slow) * rows * 25 + slow * size * 2.5;
}

interface Columns {
  readonly columns: string[];
  readonly loose: string[];
}

async function columnsOf(session: Session, schema: string): Promise<Map<string, Columns>> {
  const rows = await select<{ table: string; name: string; type: string; generated: string }>(
    session,
    `SELECT TABLE_NAME AS \`table\`, COLUMN_NAME AS name, DATA_TYPE AS type, IS_GENERATED AS generated
     FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? ORDER BY TABLE_NAME, ORDINAL_POSITION`,
    [schema],
  );
  const tables = new Map<string, Columns>();
  for (const { table, name, type, generated } of rows) {
    const found = tables.get(table) ?? { columns: [], loose: [] };
    tables.set(table, found);
    if (generated !== "NEVER") continue;
    found.columns.push(name);
    if (type === "enum" || type === "set") found.loose.push(name);
  }
  return tables;
}

async function createOf(session: Session, schema: string, table: string): Promise<string> {
  const [shown] = await select<Record<string, string>>(session, `SHOW CREATE TABLE ${qualify(schema, table)}`);
  return shown?.["Create Table"] ?? "";
}

/** What is added behind the rows: foreign keys of tables that they belong to, or that lead to such. */
export interface PutOff {
  readonly references: readonly { readonly table: string; readonly create: string; readonly keys: readonly ForeignKey[] }[];
}

/** Takes away, while they are empty, what the tables get back after their rows. */
export async function putOff(session: Session, schema: string, tables: readonly LoaderTable[]): Promise<PutOff> {
  const deferred = new Map(tables.flatMap((table) => (table.deferred?.keys.length ? [[table.table, table.deferred] as const] : [])));
  const references = [];
  // Foreign keys need the keys on both of their ends.
  const concerned = (await keysOf(session, schema)).filter(
    ({ table, parentSchema, parent }) => deferred.has(table) || (parentSchema === schema && deferred.has(parent)),
  );
  for (const table of new Set(concerned.map((key) => key.table))) {
    const create = await createOf(session, schema, table);
    const keys = referencesIn(create);
    const named = new Set(keys.map((key) => unquote(key.name)));
    const unknown = concerned.find((key) => key.table === table && !named.has(key.name));
    if (unknown) throw differ(`the foreign key ${unknown.name} of table ${table} is not shown`);
    references.push({ table, create, keys });
  }
  for (const { table, keys } of references) await drop(session, schema, table, "FOREIGN KEY", keys);
  for (const [table, { keys }] of deferred) await drop(session, schema, table, "KEY", keys);
  return { references };
}

const drop = (session: Session, schema: string, table: string, what: string, keys: readonly { readonly name: string }[]) =>
  session.query(`ALTER TABLE ${qualify(schema, table)} ${keys.map((key) => `DROP ${what} ${key.name}`).join(", ")}`);

/** The statements that give a table its keys back: all in one, save for those of which a statement takes only one. */
export function keyStatements(schema: string, { table, deferred }: LoaderTable): string[] {
  const keys = deferred?.keys ?? [];
  const groups = [keys.filter(({ alone }) => !alone), ...keys.filter(({ alone }) => alone).map((key) => [key])];
  return groups.filter((group) => group.length > 0).map((group) => adding(schema, table, group));
}

const adding = (schema: string, table: string, keys: readonly { readonly definition: string }[]) =>
  `ALTER TABLE ${qualify(schema, table)} ${keys.map(({ definition }) => `ADD ${definition}`).join(", ")}`;

/** Gives the foreign keys back, and demands that each table that was changed is as it was made. */
export async function bringBack(session: Session, schema: string, tables: readonly LoaderTable[], off: PutOff): Promise<void> {
  for (const { table, keys } of off.references) await session.query(adding(schema, table, keys));
  const before = new Map(
    tables.flatMap(({ table, create, deferred }) => (create !== null && deferred?.keys.length ? [[table, create] as const] : [])),
  );
  for (const { table, create } of off.references) before.set(table, create);
  for (const [table, create] of before) {
    const now = await createOf(session, schema, table);
    if (!isSameTable(create, now)) throw differ(`table ${table} is not as it was made`);
    if (counterOf(now) < counterOf(create))
      await session.query(`ALTER TABLE ${qualify(schema, table)} AUTO_INCREMENT = ${counterOf(create)}`);
  }
}
