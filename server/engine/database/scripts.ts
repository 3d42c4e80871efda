import { gunzipSync, gzipSync } from "node:zlib";
import { Failure } from "../../domain/errors.ts";
import type { DefinitionKind, Statement, StatementKind } from "./statement-kind.ts";
import { StatementReader } from "./statement-reader.ts";
import { inSchema } from "./trigger-head.ts";

/** The most that the definitions of a database may take, since they are held in memory. */
const definitionBytes = 64 * 1024 * 1024;

/** One kind and one name are one definition: a function may have the name of a view. */
export interface DefinitionName {
  readonly kind: DefinitionKind;
  readonly name: string;
}
export const keyOf = ({ kind, name }: DefinitionName) => `${kind} ${name}`;

/** A view, trigger, routine or event that a dump makes. */
export interface Definition extends DefinitionName {
  /** A trigger's; null for all others. */
  readonly table: string | null;
  /** The account that it runs as, as it stands there; null where none is named. */
  readonly definer: string | null;
}

/** What splitting a dump in two tells besides the tables script. */
export interface SplitDump {
  /** In the order of the dump. */
  readonly made: readonly Definition[];
  /** The script that makes them anew, or the wanted ones: in the database `schema`, where it is not the one they were taken from. */
  definitions(wanted?: (definition: Definition) => boolean, schema?: string): Buffer;
  /** The accounts that the definitions run as, as they stand there. */
  readonly definers: ReadonlySet<string>;
  /** Rows by table, counted from the INSERTs. */
  readonly rows: ReadonlyMap<string, number>;
  readonly table: string | null;
}

interface SplitOptions {
  readonly rowPerLine?: boolean;
  readonly tables?: readonly string[] | null;
}

/** A statement of the definitions script: without `of` and `drops` it gives the others their context. */
interface Piece {
  readonly of: DefinitionName | null;
  readonly drops: boolean;
  readonly bytes: Buffer[];
}

/**
 * Splits a dump as it streams by into a tables script, which it yields, and a definitions script, which it keeps: in a
 * scratch schema events would fire, triggers that name their schema would fail, and tables with triggers could not be moved
 * out. SET and DELIMITER statements stand in both, so that each keeps its context.
 */
export class DumpSplitter implements SplitDump {
  readonly made: Definition[] = [];
  readonly rows = new Map<string, number>();
  table: string | null = null;
  readonly #options: SplitOptions;
  readonly #wanted: ReadonlySet<string> | null;
  readonly #reader: StatementReader;
  #tables: Buffer[] = [];
  readonly #pieces: Piece[] = [];
  #held = 0;
  #route: Route = both;
  /** The table that the statements are about, which not each of them names. */
  #about: string | null = null;

  /** `rowPerLine`: see StatementSplitter. With `tables`, the tables script holds nothing of any other table. */
  constructor(options: SplitOptions = {}) {
    this.#options = options;
    this.#wanted = options.tables ? new Set(options.tables) : null;
    const end = (rows: number) => {
      if (rows > 0 && this.table !== null) this.rows.set(this.table, (this.rows.get(this.table) ?? 0) + rows);
    };
    const begin = (statement: Statement, bytes: Buffer) => this.#begin(statement, bytes);
    this.#reader = new StatementReader({ begin, more: (bytes) => this.#pass(bytes), end }, options);
  }

  /** A step of a `pipeline()`: dump in, tables script out. */
  async *tables(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      this.#reader.feed(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
      const out = this.#take();
      if (out.length) yield out;
    }
    if (!this.#reader.finish())
      throw new Failure("ARTIFACT_CORRUPT", "The dump ends in the middle of a statement.", "Restore from another backup.", {
        reason: "DUMP_INCOMPLETE",
      });
    const rest = this.#take();
    if (rest.length) yield rest;
  }

  /** A splitter of the same kind for the same dump from its beginning. */
  again(): DumpSplitter {
    return new DumpSplitter(this.#options);
  }

  /** Whether the tables script is to hold that table. */
  holds(table: string): boolean {
    return this.#wanted?.has(table) ?? true;
  }

  get definers(): ReadonlySet<string> {
    return new Set(this.made.flatMap(({ definer }) => definer ?? []));
  }

  definitions(wanted: (definition: Definition) => boolean = () => true, schema: string | null = null): Buffer {
    const kept = new Set(this.made.filter(wanted).map(keyOf));
    const all = this.made.every(wanted);
    return Buffer.concat(
      this.#pieces.flatMap(({ of, drops, bytes }) => {
        // What drops something that is not named belongs to a whole dump only.
        if (!all && (of ? !kept.has(keyOf(of)) : drops)) return [];
        return of?.kind === "trigger" && !drops ? [inSchema(Buffer.concat(bytes), schema)] : bytes;
      }),
    );
  }

  #take(): Buffer {
    const out = Buffer.concat(this.#tables);
    this.#tables = [];
    return out;
  }

  #begin(statement: Statement, bytes: Buffer): void {
    this.#note(statement);
    this.#route = this.#isWanted(statement) ? routeOf(statement) : nowhere;
    if (this.#route.definitions) this.#pieces.push(pieceOf(statement));
    this.#pass(statement.kind === "charset" ? ownCharset(bytes) : bytes);
  }

  #note({ kind, name, table, definer }: Statement): void {
    if (kind === "foreign")
      throw new Failure(
        "ARTIFACT_UNSAFE",
        "The dump leaves its database: it holds a USE, CREATE DATABASE or DROP DATABASE statement.",
        "Restore it by hand where it comes from a dump of several databases.",
        { reason: "SQL_OTHER_DATABASE" },
      );
    if (kind === "table" || kind === "insert") this.table = name;
    if (table !== null && kind !== "trigger") this.#about = table;
    if (isDefinition(kind) && name !== null)
      this.made.push({ kind, name, definer, table: kind === "trigger" ? (table ?? this.#about) : null });
  }

  #isWanted(statement: Statement): boolean {
    const route = routeOf(statement);
    if (!this.#wanted || !route.tables || route.definitions) return true;
    return this.#about === null || this.#wanted.has(this.#about) || statement.kind === "blank";
  }

  #pass(bytes: Buffer): void {
    if (this.#route.tables) this.#tables.push(bytes);
    if (!this.#route.definitions) return;
    this.#held += bytes.length;
    if (this.#held > definitionBytes)
      throw new Failure(
        "LOAD_FAILED",
        "The views, triggers, routines and events of the backup take more than 64 MB.",
        "Restore it by hand with the commands in the backup's manifest.",
      );
    this.#pieces.at(-1)?.bytes.push(Buffer.from(bytes));
  }
}

const pieceOf = ({ kind, name, drops }: Statement): Piece => {
  const made = kind === "placeholder" ? "view" : isDefinition(kind) ? kind : drops;
  return { of: made && name !== null ? { kind: made, name } : null, drops: kind === "definition", bytes: [] };
};

const definitionKinds: readonly StatementKind[] = ["view", "trigger", "procedure", "function", "event"] satisfies DefinitionKind[];
const isDefinition = (kind: StatementKind): kind is DefinitionKind => definitionKinds.includes(kind);

interface Route {
  readonly tables: boolean;
  readonly definitions: boolean;
}
const both: Route = { tables: true, definitions: true };
const toTables: Route = { tables: true, definitions: false };
const toDefinitions: Route = { tables: false, definitions: true };
const nowhere: Route = { tables: false, definitions: false };

function routeOf({ kind }: Statement): Route {
  switch (kind) {
    case "set":
    case "delimiter":
      return both;
    case "table":
    case "insert":
    case "other":
    case "blank":
    case "foreign":
      return toTables;
    case "placeholder":
    case "view":
    case "trigger":
    case "procedure":
    case "function":
    case "event":
    case "definition":
    case "charset":
      return toDefinitions;
    default:
      throw kind satisfies never;
  }
}

/** Around some routines the dump sets the database's character set by the name it had; without a name it means the one in use. */
const ownCharset = (bytes: Buffer) =>
  Buffer.from(
    bytes.toString("latin1").replace(/(ALTER\s+DATABASE)\s+`(?:[^`]|``)*`\s+(?=(?:DEFAULT\s+)?(?:CHARACTER|COLLATE|CHARSET))/i, "$1 "),
    "latin1",
  );

/** A script as text for a journal: its bytes may be of any character set. */
export const packScript = (script: Buffer) => gzipSync(script).toString("base64");
export const unpackScript = (packed: string) => gunzipSync(Buffer.from(packed, "base64"));
