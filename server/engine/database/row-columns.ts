import { type Session, select } from "./client.ts";
import { quoteName } from "./names.ts";

/** A column as it is read and written. */
export interface RowColumn {
  readonly name: string;
  /** Written bare; all else is quoted. */
  readonly bare: boolean;
  /** The expression that reads it so that it comes back bit for bit. */
  readonly read: string;
}

/** The columns of a table that an INSERT names, and its primary key. */
export interface TableColumns {
  readonly columns: readonly RowColumn[];
  /** Empty where there is none that orders the rows by itself. */
  readonly key: readonly KeyColumn[];
  /** Everything above as the server tells it, to see whether it is still so. */
  readonly told: string;
}

export interface KeyColumn {
  readonly name: string;
  /** What its values are to whoever looks for places in between; `other` where that is not known. */
  readonly kind: "integer" | "text" | "bytes" | "other";
  /** Of a text. */
  readonly collation: string | null;
}

const integers: readonly string[] = ["tinyint", "smallint", "mediumint", "int", "bigint"];
const bare: readonly string[] = [...integers, "decimal", "float", "double", "year"];

/** Types whose text the server takes in its own character set only; their bytes it takes in every one. */
const byBytes: Readonly<Record<string, number>> = { inet4: 4, inet6: 16, uuid: 16 };

interface ColumnRow {
  readonly table: string;
  readonly column: string;
  readonly type: string;
  readonly fullType: string;
  readonly characterSet: string | null;
  readonly collation: string | null;
  readonly generated: string;
}

interface KeyRow {
  readonly table: string;
  readonly column: string;
  readonly part: unknown;
}

/** The columns of all tables of a schema, by table. */
export async function columnsOf(session: Session, schema: string): Promise<Map<string, TableColumns>> {
  const columns = await select<ColumnRow>(
    session,
    `SELECT TABLE_NAME AS \`table\`, COLUMN_NAME AS \`column\`, DATA_TYPE AS type, COLUMN_TYPE AS fullType,
       CHARACTER_SET_NAME AS characterSet, COLLATION_NAME AS collation, IS_GENERATED AS generated
     FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? ORDER BY TABLE_NAME, ORDINAL_POSITION`,
    [schema],
  );
  const keys = await select<KeyRow>(
    session,
    `SELECT TABLE_NAME AS \`table\`, COLUMN_NAME AS \`column\`, SUB_PART AS part
     FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = ? AND INDEX_NAME = 'PRIMARY' ORDER BY TABLE_NAME, SEQ_IN_INDEX`,
    [schema],
  );
  const keysOf = Map.groupBy(keys, ({ table }) => table);
  return new Map(
    [...Map.groupBy(columns, ({ table }) => table)].map(([table, rows]) => [table, tableColumns(rows, keysOf.get(table) ?? [])]),
  );
}

function tableColumns(rows: readonly ColumnRow[], keys: readonly KeyRow[]): TableColumns {
  return {
    columns: rows.filter(({ generated }) => generated === "NEVER").map(rowColumn),
    // Only the beginning of a column is in the key: its order is not that of the column.
    key: keys.some(({ part }) => part !== null)
      ? []
      : keys.map(({ column: name }) =>
          keyColumn(
            name,
            rows.find(({ column }) => column === name),
          ),
        ),
    told: JSON.stringify([rows, keys]),
  };
}

function keyColumn(name: string, row: ColumnRow | undefined): KeyColumn {
  const { type = "", collation = null } = row ?? {};
  const text = type === "char" || type === "varchar";
  const kind = integers.includes(type) ? "integer" : text ? "text" : type === "binary" || type === "varbinary" ? "bytes" : "other";
  return { name, kind, collation };
}

function rowColumn({ column, type }: ColumnRow): RowColumn {
  const name = quoteName(column);
  const bytes = byBytes[type];
  // As text a FLOAT has six digits, fewer than it holds; multiplied it is a DOUBLE, which has all.
  const read = type === "float" ? `${name}*1e0` : bytes ? `CAST(${name} AS BINARY(${bytes}))` : name;
  return { name: column, bare: bare.includes(type), read };
}
