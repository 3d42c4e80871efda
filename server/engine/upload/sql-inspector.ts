import { formatCount } from "../../../shared/format.ts";
import type { Finding } from "../../domain/inspection.ts";
import type { DatabaseSummary } from "../../domain/manifest.ts";
import { emptyHeader, markBytes, markOf, readHeader, trailer } from "./dump-header.ts";
import { Findings } from "./findings.ts";
import { collationsIn, limitsOf } from "./sql-collations.ts";
import { firstMode, judge, judgeRowsWord, modeOf, type SqlSession } from "./sql-judge.ts";
import type { Judgement, Refusal } from "./sql-judgement.ts";
import { type SqlListener, SqlSplitter, type SqlStatement, SqlUnreadable } from "./sql-split.ts";
import { type SqlToken, tokensOf } from "./sql-tokens.ts";

/** What an inspection of a dump found. */
export interface SqlInspection {
  readonly findings: readonly Finding[];
  /** Null when there is nothing in it that a database takes. */
  readonly database: DatabaseSummary | null;
  readonly collations: readonly string[];
}

const definitionKinds = ["view", "trigger", "procedure", "function", "event"] as const;
const tailBytes = 256;

/** Reads a dump as it streams by and judges each of its statements; memory is flat. */
export class SqlInspector implements SqlListener {
  readonly #splitter = new SqlSplitter(this);
  readonly #found = new Findings();
  readonly #session: SqlSession = { mode: firstMode, saved: new Map() };
  readonly #header = emptyHeader();
  readonly #tables = new Map<string, { rows: number; engine: string | null; sequence: boolean }>();
  readonly #names = new Map(definitionKinds.map((kind) => [kind as string, new Set<string>()]));
  readonly #collations = new Set<string>();
  readonly #definers = new Set<string>();
  /** The database that the dump makes or uses, by the first statement that names one. */
  #database: { readonly name: string; readonly line: number } | null = null;
  #dropped: { readonly name: string; readonly line: number } | null = null;
  #charset: { readonly characterSet: string; readonly collation: string | null } | null = null;
  #rowsTable: string | null = null;
  #statements = 0;
  /** What has come before it is known whether a mark stands in front; null behind it. */
  #head: Buffer | null = Buffer.alloc(0);
  #tail = Buffer.alloc(0);

  /** True when something was refused, and reading on would tell little more. */
  get enough(): boolean {
    return this.#found.full;
  }

  feed(chunk: Buffer): void {
    this.#tail = Buffer.concat([this.#tail, chunk.subarray(-tailBytes)]).subarray(-tailBytes);
    if (this.#head === null) this.#read(chunk);
    else {
      this.#head = Buffer.concat([this.#head, chunk]);
      if (this.#head.length >= markBytes) this.#begin();
    }
  }

  finish(): SqlInspection {
    let whole = true;
    if (this.#head !== null) this.#begin();
    this.#guard(() => {
      whole = this.#splitter.finish();
    });
    if (this.#statements === 0 && this.#found.list.length === 0)
      this.#found.refuse(
        "EMPTY_DUMP",
        "The file holds no SQL statement: it is empty, or has comments only.",
        "Choose a dump that holds something.",
      );
    else if (this.#tables.size + [...this.#names.values()].reduce((sum, { size }) => sum + size, 0) === 0 && !this.#found.refused)
      this.#found.refuse("EMPTY_DUMP", "The dump holds no table and no other object.", "Choose a dump that holds something.");
    this.#judgeEnd(whole);
    this.#noteDefiners();
    this.#noteEvents();
    this.#noteCollations();
    return { findings: this.#found.list, database: this.#summary(), collations: [...this.#collations].sort() };
  }

  /** The client's own first line is none of SQL; the same goes for a byte order mark. */
  #begin(): void {
    const head = this.#head ?? Buffer.alloc(0);
    this.#head = null;
    const mark = markOf(head);
    if (mark.sandbox) {
      this.#header.flavour = "mariadb";
      this.#found.note("SANDBOX_LINE", "The first line shuts off the client's commands; Holdfast does so by itself, and leaves it out.", 1);
    }
    // Blanks keep the lines' numbers as they are.
    this.#read(Buffer.concat([Buffer.alloc(mark.length, 0x20), head.subarray(mark.length)]));
  }

  #read(chunk: Buffer): void {
    this.#guard(() => this.#splitter.feed(chunk));
  }

  #guard(read: () => void): void {
    try {
      if (!this.enough) read();
    } catch (error) {
      if (!(error instanceof SqlUnreadable)) throw error;
      const hint =
        error.reason === "STATEMENT_TOO_LARGE" ? "Take the dump with --extended-insert and a smaller --net-buffer-length." : commandHint;
      this.#found.refuse(error.reason, `Line ${error.line}: ${error.message}.`, hint, error.line);
      this.#found.full = true;
    }
  }

  statement({ bytes, line, delimiter }: SqlStatement): void {
    const own = delimiter ? bytes.subarray(0, -delimiter) : bytes;
    const read = tokensOf(own, this.#splitter);
    if (this.#statements < 40) for (const comment of read.comments) readHeader(this.#header, comment);
    if (read.tokens.length === 0 && read.hidden < 0) return;
    this.#statements += 1;
    for (const { name } of collationsIn(read.tokens)) this.#collations.add(name);
    const first = line + lines(own, read.tokens[0]?.at ?? 0);
    this.#refuseOtherText(read.tokens[0], first);
    if (this.enough) return;
    for (const judgement of judge(read, own, this.#session)) this.#take(judgement, own, line, first);
    Object.assign(this.#splitter, modeOf(this.#session.mode));
  }

  delimiter(): void {}

  rowsBegin(head: SqlStatement): void {
    this.statement(head);
  }

  rowsMore(): void {}

  rowsWord(word: string, called: boolean, line: number): void {
    const refusal = judgeRowsWord(word, called);
    if (refusal) this.#refuse(refusal, line);
  }

  rowsOdd(what: string, line: number): void {
    if (what === "\\") this.#refuse({ reason: "SQL_CLIENT_COMMAND", what: "A backslash outside of quotes" }, line);
    else this.#refuse({ reason: "SQL_NOT_ALLOWED", what: oddities[what] ?? what }, line);
  }

  rowsEnd(rows: number): void {
    const table = this.#rowsTable === null ? undefined : this.#tables.get(this.#rowsTable);
    if (table) table.rows += rows;
  }

  /** A file whose first word is none of SQL's is something else altogether. */
  #refuseOtherText(token: SqlToken | undefined, line: number): void {
    if (this.#statements !== 1 || !token || token.word === "\\" || sqlWords.test(token.word)) return;
    this.#found.refuse(
      "NOT_A_MYSQL_DUMP",
      `Line ${line}: The file is no dump of MySQL or MariaDB: it begins with ${JSON.stringify(token.text.slice(0, 40))}.`,
      "Send a dump as mariadb-dump, mysqldump or phpMyAdmin write it.",
      line,
    );
    this.#found.full = true;
  }

  #take(judgement: Judgement, bytes: Buffer, line: number, first: number): void {
    const at = (place: number) => line + lines(bytes, place);
    const refusal = judgement.refusal ?? this.#foreign(judgement);
    if (refusal) {
      this.#refuse(refusal, at(refusal.at));
      return;
    }
    if (judgement.definer) this.#definers.add(judgement.definer.account);
    if (judgement.kind === "makeDatabase") this.#readCharset(bytes);
    this.#count(judgement, first);
  }

  /** A name of another database; those of the dump's own are left out on the way. */
  #foreign({ qualifiers }: Judgement): Refusal | null {
    const own = this.#ownName()?.toLowerCase();
    const found = qualifiers.find(({ schema }) => schema.toLowerCase() !== own);
    return found ? { reason: "SQL_OTHER_DATABASE", what: `A name in the database ${found.schema}`, at: found.at } : null;
  }

  #count({ kind, name, engine, database }: Judgement, line: number): void {
    switch (kind) {
      case "table":
      case "sequence":
        if (name !== null) this.#tables.set(name, { rows: kind === "sequence" ? 1 : 0, engine, sequence: kind === "sequence" });
        break;
      case "dropTable":
        if (name !== null) this.#tables.delete(name);
        break;
      case "rows":
        this.#rowsTable = name;
        if (name !== null && !this.#tables.has(name)) this.#missing(name, line);
        break;
      case "makeDatabase":
      case "dropDatabase":
      case "use":
        this.#useDatabase(kind, database ?? "", line);
        break;
      case "replication":
        this.#found.note("REPLICATION_LINES", "Lines about the old server's replication and binary log are left out.", line);
        break;
      default:
        if (name !== null) this.#names.get(kind)?.add(name);
    }
  }

  /** Rows of a table that the dump does not make cannot be restored into an empty database. */
  #missing(name: string, line: number): void {
    this.#found.refuse(
      "TABLE_MISSING",
      `Line ${line}: The dump has rows for the table ${name}, and does not make it.`,
      "Take the dump with the tables' structure (without --no-create-info).",
      line,
    );
    this.#tables.set(name, { rows: 0, engine: null, sequence: false });
  }

  #readCharset(bytes: Buffer): void {
    const found = /CHARACTER SET\s*=?\s*(?<charset>\w+)(?:[\s/*!\d]*(?:DEFAULT )?COLLATE\s*=?\s*(?<collation>\w+))?/i.exec(
      bytes.toString("latin1"),
    )?.groups;
    if (found?.charset) this.#charset = { characterSet: found.charset, collation: found.collation ?? null };
  }

  #useDatabase(kind: "makeDatabase" | "dropDatabase" | "use", name: string, line: number): void {
    const known = this.#database ?? this.#dropped;
    if (systemDatabases.has(name.toLowerCase()) || (known && known.name !== name)) {
      this.#refuse({ reason: "SQL_OTHER_DATABASE", what: `The database ${name}` }, line);
      return;
    }
    if (kind === "dropDatabase") this.#dropped ??= { name, line };
    else this.#database ??= { name, line };
    this.#found.note(
      "DATABASE_LINES",
      `The dump names its database, ${name}: these lines are left out, and all goes into the database that you choose.`,
      line,
    );
  }

  #ownName = () => this.#database?.name ?? this.#header.database;

  #refuse({ reason, what }: Pick<Refusal, "reason" | "what">, line: number): void {
    this.#found.refuse(reason, `Line ${line}: ${what} ${sentences[reason]}.`, hints[reason], line);
  }

  #judgeEnd(whole: boolean): void {
    if (this.#dropped && !this.#database)
      this.#refuse({ reason: "SQL_OTHER_DATABASE", what: `DROP DATABASE ${this.#dropped.name}` }, this.#dropped.line);
    if (this.enough || this.#statements === 0) return;
    const marked = trailer.test(this.#tail.toString("latin1"));
    if (!whole) this.#refuseCut("it ends in the middle of a statement", this.#splitter.line);
    else if (!marked && this.#header.program === "dump")
      this.#refuseCut('the dump program\'s last line, "-- Dump completed", is missing', null);
    else if (!marked && !this.#found.refused)
      this.#found.warn(
        "NO_TRAILER",
        "The program that wrote the dump marks no end, so that a cut between two statements would not be noticed.",
        "Compare the tables and rows with what you expect.",
      );
  }

  #refuseCut(why: string, line: number | null): void {
    this.#found.refuse("DUMP_INCOMPLETE", `The dump is cut: ${why}.`, "Send the whole file, or take the dump again.", line);
  }

  #noteDefiners(): void {
    if (this.#definers.size === 0) return;
    const some = [...this.#definers].slice(0, 5).join(", ");
    this.#found.warn(
      "DEFINER",
      `Views, triggers, routines or events run as ${some}${this.#definers.size > 5 ? ` and ${this.#definers.size - 5} more` : ""}.`,
      "Strip the definers, so that they run as the account that restores them, or make sure that these accounts exist.",
      "STRIP_DEFINER",
    );
  }

  #noteEvents(): void {
    const events = this.#names.get("event")?.size ?? 0;
    if (events > 0)
      this.#found.note("EVENTS_DISABLED", `${formatCount(events, "event")} will be restored disabled: enable what is to run.`);
  }

  #noteCollations(): void {
    for (const collation of [...this.#collations].sort()) {
      const limits = limitsOf(collation);
      if (limits)
        this.#found.warn(
          "UNKNOWN_COLLATION",
          `The dump uses the collation ${collation}, which is known only to ${limits.knownTo}.`,
          `Where the target does not know it, map it to another, such as ${limits.instead}.`,
          "MAP_COLLATION",
        );
    }
  }

  #summary(): DatabaseSummary | null {
    if (this.#statements === 0) return null;
    const { flavour, serverVersion } = this.#header;
    const count = (kind: string) => this.#names.get(kind)?.size ?? 0;
    return {
      name: this.#ownName() ?? "",
      flavour: flavour ?? "mysql",
      serverVersion: serverVersion ?? "unknown",
      characterSet: this.#charset?.characterSet ?? "utf8mb4",
      collation: this.#charset?.collation ?? `${this.#charset?.characterSet ?? "utf8mb4"}_general_ci`,
      tables: [...this.#tables].map(([name, { rows, engine }]) => ({ name, rows, engine, bytes: 0, checksum: null, ranges: null })),
      definitions: {
        views: count("view"),
        triggers: count("trigger"),
        procedures: count("procedure"),
        functions: count("function"),
        events: count("event"),
      },
      dataBytes: 0,
      notes: [],
      sections: null,
      binlog: null,
      engine: "MYSQLDUMP",
      snapshot: null,
    };
  }
}

const systemDatabases = new Set(["mysql", "information_schema", "performance_schema", "sys"]);
const commandHint = "Nothing of it was run. Remove the line if you know who wrote it; a dump has no such commands.";
const sentences = {
  SQL_CLIENT_COMMAND: "is a command for the client program, not SQL",
  SQL_OTHER_DATABASE: "is outside of the database that is restored",
  SQL_NOT_ALLOWED: "is nothing that a dump of one database needs, so it is not allowed",
} as const;
const hints = {
  SQL_CLIENT_COMMAND: commandHint,
  SQL_OTHER_DATABASE: "Take a dump of one database only (without --all-databases), or remove what belongs to others.",
  SQL_NOT_ALLOWED: "Nothing of it was run. Remove the statement if you know who wrote it, and run it by hand if it is needed.",
} as const;
const oddities: Readonly<Record<string, string>> = {
  "/*!": "A versioned comment among rows",
  "@": "A variable among rows",
  "`(": "A function call among rows",
};

function lines(bytes: Buffer, before: number): number {
  let count = 0;
  for (let at = bytes.indexOf(0x0a); at >= 0 && at < before; at = bytes.indexOf(0x0a, at + 1)) count += 1;
  return count;
}

/** What a statement, or a command of the client, may begin with. */
const sqlWords =
  /^(?:SET|CREATE|DROP|ALTER|INSERT|REPLACE|LOCK|UNLOCK|USE|START|BEGIN|COMMIT|SELECT|DO|CHANGE|TRUNCATE|DELETE|UPDATE|GRANT|REVOKE|LOAD|CALL|FLUSH|INSTALL|UNINSTALL|KILL|SHUTDOWN|RENAME|PREPARE|EXECUTE|ANALYZE|OPTIMIZE|SHOW|WITH|PURGE|RESET|SYSTEM|SOURCE|TEE|NOTEE|PAGER|NOPAGER|EDIT|CONNECT|QUIT|EXIT|HELP|DELIMITER|PRINT|PROMPT|REHASH|STATUS|CLEAR|GO|EGO|CHARSET|WARNINGS|NOWARNING)$/;
