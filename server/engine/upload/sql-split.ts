import { classesFor, digit, isDigit, isNull, isSpace, isWord, linesIn, nextCode, plain, spaceEnd, word, wordEnd } from "./sql-bytes.ts";

/** A statement as it stands in a dump, with the space and the comments in front of it and the delimiter behind it. */
export interface SqlStatement {
  readonly bytes: Buffer;
  /** Line of its first byte, counted from 1. */
  readonly line: number;
  /** How many bytes at its end are the delimiter; 0 for what stands behind the last one. */
  readonly delimiter: number;
}

/** What a reader of a dump is told, in the dump's order: every byte comes by once. */
export interface SqlListener {
  statement(statement: SqlStatement): void;
  /** A DELIMITER line, with its line break. */
  delimiter(bytes: Buffer, delimiter: string, line: number): void;
  /** An INSERT or REPLACE up to and with its VALUES; its rows follow. */
  rowsBegin(head: SqlStatement): void;
  /** Bytes of the rows, and at their end the delimiter. Their memory is used again. */
  rowsMore(bytes: Buffer): void;
  /** A word among the rows that is neither NULL nor part of a number; `called` when a parenthesis follows. */
  rowsWord(word: string, called: boolean, line: number): void;
  /** Something among the rows that is no value: a backslash outside of quotes, a versioned comment, a variable, or a function by its quoted name. */
  rowsOdd(what: "\\" | "/*!" | "@" | "`(", line: number): void;
  rowsEnd(rows: number): void;
}

/** What the reading cannot go on with; `reason` is that of a finding. */
export class SqlUnreadable extends Error {
  override readonly name = "SqlUnreadable";
  readonly reason: "STATEMENT_TOO_LARGE" | "SQL_CLIENT_COMMAND";
  readonly line: number;
  constructor(reason: SqlUnreadable["reason"], line: number, message: string) {
    super(message);
    this.reason = reason;
    this.line = line;
  }
}

/** Statements other than INSERTs are held in memory, one at a time; none that a dump tool writes comes near this. */
export const definitionBytes = 16 * 1024 * 1024;
/** The largest packet that a server takes. */
const statementBytes = 1024 * 1024 * 1024;
/** Words, delimiters and the marks of comments are looked at whole: that many bytes stay for the next chunk. */
const lookahead = 72;

type Action = "none" | "statement" | "delimiter" | "rows" | "rowsEnd";
const [single, double, backtick, lineComment, blockComment] = [0x27, 0x22, 0x60, 1, 2] as const;
const newline = 0x0a;

/**
 * Splits SQL bytes into statements as the client programs do, whatever the chunks are. Memory is flat: the rows of an
 * INSERT pass in pieces, other statements are handed over whole.
 */
export class SqlSplitter {
  readonly #listener: SqlListener;
  #carry: Buffer = Buffer.alloc(0);
  #held: Buffer[] = [];
  #size = 0;
  #heldLine = 1;
  #codeLine = 1;
  /** Line of the first byte that was not handed on. */
  #line = 1;
  /** The quote or the comment that the reading is in; 0 in code. */
  #inside = 0;
  #action: Action = "none";
  #inRows = false;
  #rows = 0;
  #depth = 0;
  #delimiter = Buffer.from(";");
  #classes = classesFor(0x3b);
  /** The statement's first word in lower case; null before it. */
  #word: string | null = null;
  #begun = false;
  #lineStart = true;
  #midWord = false;
  /** Whether a backslash escapes inside quotes, and whether double quotes hold a name: as the session's sql_mode says. */
  backslashEscapes = true;
  ansiQuotes = false;

  constructor(listener: SqlListener) {
    this.#listener = listener;
  }

  /** Line of the statement that is being read, or was the last. */
  get line(): number {
    return this.#codeLine;
  }

  feed(chunk: Buffer): void {
    this.#read(this.#carry.length ? Buffer.concat([this.#carry, chunk]) : chunk, false);
  }

  /** Hands on what is left; true when no statement was cut. */
  finish(): boolean {
    this.#read(this.#carry, true);
    const whole = !this.#inRows && !this.#begun && (this.#inside === 0 || this.#inside === lineComment);
    if (this.#inRows) this.#listener.rowsEnd(0);
    else if (this.#size > 0) this.#endStatement(0);
    return whole;
  }

  #read(bytes: Buffer, last: boolean): void {
    const stop = last ? bytes.length : bytes.length - lookahead;
    let [from, at] = [0, 0];
    while (at < stop) {
      const next = this.#inside
        ? this.#quoted(bytes, at, stop, from)
        : this.#inRows
          ? this.#values(bytes, at, stop, from)
          : this.#code(bytes, at, stop);
      at = Math.min(next, bytes.length);
      if (this.#action === "none") continue;
      const action = this.#action;
      this.#action = "none";
      this.#give(bytes.subarray(from, at));
      from = at;
      if (action === "statement") this.#endStatement(this.#delimiter.length);
      else if (action === "rows") this.#beginRows();
      else if (action === "rowsEnd") this.#endRows();
      else from = at = this.#delimiterLine(bytes, at);
    }
    this.#give(bytes.subarray(from, at));
    this.#carry = Buffer.from(bytes.subarray(at));
  }

  /** Holds, or hands on, what was read. */
  #give(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (this.#size === 0) this.#heldLine = this.#line;
    if (this.#size === 0 && !this.#inRows) this.#codeLine = this.#line + linesIn(bytes.subarray(0, spaceEnd(bytes)));
    this.#size += bytes.length;
    if (this.#size > (this.#inRows ? statementBytes : definitionBytes))
      throw new SqlUnreadable(
        "STATEMENT_TOO_LARGE",
        this.#codeLine,
        this.#inRows ? "An INSERT has more than 1 GiB, which no server takes" : "A statement that is no INSERT has more than 16 MiB",
      );
    if (this.#inRows) this.#listener.rowsMore(bytes);
    else this.#held.push(Buffer.from(bytes));
    this.#line += linesIn(bytes);
  }

  #take(delimiter: number): SqlStatement {
    const statement = { bytes: Buffer.concat(this.#held), line: this.#heldLine, delimiter };
    this.#held = [];
    this.#size = 0;
    return statement;
  }

  #endStatement(delimiter: number): void {
    const statement = this.#take(delimiter);
    this.#reset();
    this.#listener.statement(statement);
  }

  #beginRows(): void {
    const head = this.#take(0);
    this.#inRows = true;
    this.#rows = 0;
    this.#depth = 0;
    this.#listener.rowsBegin(head);
  }

  #endRows(): void {
    const rows = this.#rows;
    this.#inRows = false;
    this.#size = 0;
    this.#reset();
    this.#listener.rowsEnd(rows);
  }

  #reset(): void {
    this.#word = null;
    this.#begun = false;
    this.#depth = 0;
    this.#midWord = false;
  }

  #quoted(bytes: Buffer, start: number, stop: number, from: number): number {
    const quote = this.#inside;
    if (quote === lineComment) {
      const end = bytes.indexOf(newline, start);
      if (end < 0) return stop;
      this.#inside = 0;
      return end;
    }
    if (quote === blockComment) {
      const end = bytes.indexOf("*/", start, "latin1");
      if (end < 0) return stop;
      this.#inside = 0;
      return end + 2;
    }
    const escapes = this.backslashEscapes && (quote === single || (quote === double && !this.ansiQuotes));
    for (let at = start; at < stop; at += 1) {
      const byte = bytes[at];
      if (byte === quote) {
        this.#inside = 0;
        if (quote === backtick && this.#inRows && nextCode(bytes, at + 1) === 0x28)
          this.#listener.rowsOdd("`(", this.#line + linesIn(bytes.subarray(from, at)));
        return at + 1;
      }
      if (escapes && byte === 0x5c) at += 1;
      // An escaped byte may be the first one that stays for the next chunk.
      if (at >= stop) return at + 1;
    }
    return stop;
  }

  #code(bytes: Buffer, start: number, stop: number): number {
    for (let at = start; at < stop; at += 1) {
      const byte = bytes[at] ?? 0;
      if (isSpace(byte)) {
        this.#midWord = false;
        if (byte === newline) this.#lineStart = true;
        continue;
      }
      if (this.#isDelimiter(bytes, at)) {
        this.#action = "statement";
        return at + this.#delimiter.length;
      }
      const lineStart = this.#lineStart;
      this.#lineStart = false;
      if (isWord(byte)) {
        if (this.#midWord) continue;
        const end = wordEnd(bytes, at);
        this.#midWord = true;
        if (this.#isTurn(bytes.toString("latin1", at, end).toLowerCase(), lineStart, bytes[end])) return end;
        at = end - 1;
        continue;
      }
      this.#midWord = false;
      const opened = this.#opens(bytes, at);
      if (opened > 0) return at + opened;
      if (opened < 0) {
        at += -opened - 1;
        continue;
      }
      this.#begun = true;
      this.#word ??= "";
      if (byte === 0x28) this.#depth += 1;
      else if (byte === 0x29) this.#depth -= 1;
    }
    return stop;
  }

  /** Whether the word begins the rows of an INSERT, or is the DELIMITER command. */
  #isTurn(word: string, lineStart: boolean, next: number | undefined): boolean {
    this.#begun = true;
    if (this.#word === null) {
      this.#word = word;
      if (word !== "delimiter" || !lineStart || (next !== 0x20 && next !== 0x09)) return false;
      this.#action = "delimiter";
      return true;
    }
    if (this.#depth !== 0 || (this.#word !== "insert" && this.#word !== "replace") || (word !== "values" && word !== "value")) return false;
    this.#action = "rows";
    return true;
  }

  /** Enters the quote or comment at `at`: its mark's length; negative for the mark of a versioned comment, which is code; 0 for neither. */
  #opens(bytes: Buffer, at: number): number {
    const [byte, next, third] = [bytes[at], bytes[at + 1], bytes[at + 2]];
    if (byte === single || byte === double || byte === backtick) {
      this.#begun = true;
      this.#word ??= "";
      this.#inside = byte;
      return 1;
    }
    if (byte === 0x23 || (byte === 0x2d && next === 0x2d && (third === undefined || isSpace(third) || !this.#begun))) {
      this.#inside = lineComment;
      return 1;
    }
    if (byte === 0x2a && next === 0x2f) return -2;
    if (byte !== 0x2f || next !== 0x2a) return 0;
    const mark = third === 0x21 ? 3 : third === 0x4d && bytes[at + 3] === 0x21 ? 4 : 0;
    if (mark === 0) {
      this.#inside = blockComment;
      return 2;
    }
    this.#begun = true;
    let end = at + mark;
    while (isDigit(bytes[end] ?? 0) && end < at + lookahead - 8) end += 1;
    return at - end;
  }

  #values(bytes: Buffer, start: number, stop: number, from: number): number {
    const classes = this.#classes;
    const lineAt = (at: number) => this.#line + linesIn(bytes.subarray(from, at));
    for (let at = start; at < stop; at += 1) {
      const byte = bytes[at] ?? 0;
      const found = classes[byte];
      if (found === word) {
        if (this.#midWord) continue;
        const end = wordEnd(bytes, at);
        this.#midWord = true;
        if (!isNull(bytes, at, end)) this.#listener.rowsWord(bytes.toString("latin1", at, end), nextCode(bytes, end) === 0x28, lineAt(at));
        at = end - 1;
        continue;
      }
      // A digit may begin 0xABC, which is no word.
      this.#midWord = found === digit;
      if (found === plain || found === digit) continue;
      if (this.#isDelimiter(bytes, at)) {
        this.#action = "rowsEnd";
        return at + this.#delimiter.length;
      }
      if (byte === 0x28) {
        if (this.#depth === 0) this.#rows += 1;
        this.#depth += 1;
      } else if (byte === 0x29) this.#depth -= 1;
      else if (byte === 0x5c) this.#listener.rowsOdd("\\", lineAt(at));
      else if (byte === 0x40) this.#listener.rowsOdd("@", lineAt(at));
      else {
        const opened = this.#opens(bytes, at);
        if (opened < 0) this.#listener.rowsOdd("/*!", lineAt(at));
        if (opened !== 0) return at + Math.abs(opened);
      }
    }
    return stop;
  }

  #isDelimiter(bytes: Buffer, at: number): boolean {
    const delimiter = this.#delimiter;
    if (bytes[at] !== delimiter[0]) return false;
    return delimiter.length === 1 || bytes.subarray(at, at + delimiter.length).equals(delimiter);
  }

  /** Reads the argument of DELIMITER up to and with its line break. */
  #delimiterLine(bytes: Buffer, at: number): number {
    const found = bytes.indexOf(newline, at);
    const end = found < 0 ? bytes.length : found + 1;
    const argument = bytes.toString("latin1", at, Math.min(end, at + lookahead)).trim();
    const { bytes: before, line } = this.#take(0);
    const command = before.length - "delimiter".length;
    if (!delimiters.test(argument) || end - at > lookahead)
      throw new SqlUnreadable(
        "SQL_CLIENT_COMMAND",
        line + linesIn(before),
        `DELIMITER ${JSON.stringify(argument.slice(0, 20))} is none that a dump uses`,
      );
    if (command > 0) this.#listener.statement({ bytes: before.subarray(0, command), line, delimiter: 0 });
    const own = line + linesIn(before);
    this.#reset();
    this.#delimiter = Buffer.from(argument, "latin1");
    this.#classes = classesFor(this.#delimiter[0] ?? 0);
    this.#listener.delimiter(Buffer.concat([before.subarray(command), bytes.subarray(at, end)]), argument, own);
    this.#line += linesIn(bytes.subarray(at, end));
    this.#lineStart = true;
    return end;
  }
}

/** What dump tools and people use; a letter or a quote would make the rest of the file mean something else. */
const delimiters = /^(?:[;$|&!@%^~:]{1,8}|\/\/)$/;
