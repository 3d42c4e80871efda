import { gunzipSync, gzipSync } from "node:zlib";
import { Failure } from "../../domain/errors.ts";
import type { Statement } from "./statement-kind.ts";
import { StatementReader } from "./statement-reader.ts";

/** The most that the definitions of a database may take, since they are held in memory. */
const definitionBytes = 64 * 1024 * 1024;

/** What splitting a dump in two tells besides the tables script. */
export interface SplitDump {
  /** Everything that is no table: the script that makes views, triggers, routines and events anew. */
  definitions(): Buffer;
  /** The accounts that the definitions run as, as they stand there. */
  readonly definers: ReadonlySet<string>;
  /** Rows by table, counted from the INSERTs. */
  readonly rows: ReadonlyMap<string, number>;
  readonly table: string | null;
  readonly hasRoutines: boolean;
  readonly hasTriggers: boolean;
}

/**
 * Splits a dump as it streams by into a tables script, which it yields, and a definitions script, which it keeps: in a
 * scratch schema events would fire, triggers that name their schema would fail, and tables with triggers could not be moved
 * out. SET and DELIMITER statements stand in both, so that each keeps its context. With `together`, all of it is yielded.
 */
export class DumpSplitter implements SplitDump {
  readonly definers = new Set<string>();
  readonly rows = new Map<string, number>();
  table: string | null = null;
  hasRoutines = false;
  hasTriggers = false;
  readonly #together: boolean;
  readonly #reader: StatementReader;
  #tables: Buffer[] = [];
  readonly #definitions: Buffer[] = [];
  #held = 0;
  #route: Route = both;

  /** `rowPerLine`: see StatementSplitter. */
  constructor(options: { readonly together?: boolean; readonly rowPerLine?: boolean } = {}) {
    this.#together = options.together ?? false;
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

  definitions(): Buffer {
    return Buffer.concat(this.#definitions);
  }

  #take(): Buffer {
    const out = Buffer.concat(this.#tables);
    this.#tables = [];
    return out;
  }

  #begin(statement: Statement, bytes: Buffer): void {
    this.#note(statement);
    this.#route = this.#together ? toTables : routeOf(statement);
    this.#pass(statement.kind === "charset" ? ownCharset(bytes) : bytes);
  }

  #note({ kind, name, definer }: Statement): void {
    if (kind === "foreign")
      throw new Failure(
        "ARTIFACT_UNSAFE",
        "The dump leaves its database: it holds a USE, CREATE DATABASE or DROP DATABASE statement.",
        "Restore it by hand where it comes from a dump of several databases.",
        { reason: "SQL_OTHER_DATABASE" },
      );
    if (kind === "table" || kind === "insert") this.table = name;
    if (kind === "procedure" || kind === "function") this.hasRoutines = true;
    if (kind === "trigger") this.hasTriggers = true;
    if (definer !== null) this.definers.add(definer);
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
    this.#definitions.push(Buffer.from(bytes));
  }
}

interface Route {
  readonly tables: boolean;
  readonly definitions: boolean;
}
const both: Route = { tables: true, definitions: true };
const toTables: Route = { tables: true, definitions: false };
const toDefinitions: Route = { tables: false, definitions: true };

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
