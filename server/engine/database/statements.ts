import { DelimiterArgument } from "./delimiter-argument.ts";
import { RowLines } from "./row-lines.ts";
import {
  backslash,
  backtick,
  blockComment,
  blockStar,
  code,
  dash,
  dashes,
  delimiterLine,
  double,
  inBlock,
  isLetter,
  isSpace,
  lineComment,
  newline,
  opens,
  rowLines,
  type State,
  semicolon,
  single,
  slash,
  slashStar,
  slashStarM,
} from "./statement-states.ts";

/** Where the pieces of a script go: every byte comes by once, in order. */
export interface StatementSink {
  /** Part of the current statement, with the space and comments in front of it and the delimiter behind it. */
  piece(bytes: Buffer): void;
  /** The current statement is whole; `groups` counts its outermost parentheses outside quotes. */
  end(groups: number): void;
}

/**
 * Splits SQL bytes into statements as the client programs do: quotes, backticks, comments and DELIMITER lines, whatever
 * the chunks are. Holds no statement; a row of a gigabyte passes in pieces.
 */
export class StatementSplitter {
  readonly #sink: StatementSink;
  readonly #rowPerLine: boolean;
  #state: State = code;
  #delimiter: Buffer = semicolon;
  #matched = 0;
  #escaped = false;
  #depth = 0;
  #groups = 0;
  /** The first word of the statement, in lower case, as far as it is known; null before it begins. */
  #word: string | null = null;
  #wordOpen = false;
  #lineStart = true;
  readonly #argument = new DelimiterArgument();
  readonly #rows = new RowLines();
  /** Set by the reader of the statements when the session's sql_mode says so. */
  backslashEscapes = true;
  /** The same for double quotes: with ANSI_QUOTES a backslash is no escape inside them. */
  ansiQuotes = false;

  /** `rowPerLine`: each row of an INSERT is a line of its own and values hold no newline, as mariadb-dump writes them: far faster. */
  constructor(sink: StatementSink, options: { readonly rowPerLine?: boolean } = {}) {
    this.#sink = sink;
    this.#rowPerLine = options.rowPerLine ?? false;
  }

  /** True where no statement has begun: what came since the last one is space and comments. */
  get between(): boolean {
    return this.#word === null && (this.#state === code || this.#state === lineComment);
  }

  feed(chunk: Buffer): void {
    let from = 0;
    let at = 0;
    while (at < chunk.length) {
      const ended = this.#step(chunk, at);
      at = ended < 0 ? -ended : ended;
      if (ended >= 0) continue;
      this.#sink.piece(chunk.subarray(from, at));
      this.#finish();
      from = at;
    }
    if (from < chunk.length) this.#sink.piece(chunk.subarray(from));
  }

  /** Reads on from `at`; returns where it stopped, negative when a statement ended just before there. */
  #step(chunk: Buffer, at: number): number {
    switch (this.#state) {
      case code:
        return this.#code(chunk, at);
      case single:
        return this.#quoted(chunk, at, 0x27, this.backslashEscapes);
      case double:
        return this.#quoted(chunk, at, 0x22, this.backslashEscapes && !this.ansiQuotes);
      case backtick:
        return this.#quoted(chunk, at, 0x60, false);
      case lineComment: {
        const end = chunk.indexOf(newline, at);
        if (end < 0) return chunk.length;
        // The newline itself is code: a row-per-line INSERT may begin behind it.
        this.#state = code;
        return end;
      }
      case delimiterLine:
        return this.#delimiterLine(chunk, at);
      case rowLines:
        return this.#rows.read(chunk, at);
      case blockComment:
      case blockStar:
        this.#state = inBlock(this.#state, chunk[at] ?? 0);
        return at + 1;
      default:
        return this.#opening(chunk[at] ?? 0, at);
    }
  }

  #quoted(chunk: Buffer, start: number, quote: number, escapes: boolean): number {
    let at = start;
    if (this.#escaped) {
      this.#escaped = false;
      at += 1;
    }
    for (; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (byte === quote) {
        this.#state = code;
        return at + 1;
      }
      if (escapes && byte === backslash) {
        at += 1;
        if (at === chunk.length) this.#escaped = true;
      }
    }
    return chunk.length;
  }

  #code(chunk: Buffer, start: number): number {
    for (let at = start; at < chunk.length; at += 1) {
      const byte = chunk[at] ?? 0;
      const started = this.#lineStart;
      this.#lineStart = byte === newline || (started && isSpace(byte));
      if (byte === this.#delimiter[this.#matched]) {
        this.#matched += 1;
        if (this.#matched === this.#delimiter.length) return -(at + 1);
      } else if (this.#matched > 0) {
        this.#matched = byte === this.#delimiter[0] ? 1 : 0;
      }
      if (this.#wordOpen || (this.#word === null && !isSpace(byte))) {
        const next = this.#firstWord(byte, started);
        if (next) return at + 1;
      }
      if (byte === newline) {
        if (this.#rowPerLine && this.#word === "insert" && this.#depth === 0 && this.#delimiter.equals(semicolon)) {
          this.#state = rowLines;
          this.#rows.begin();
          return at + 1;
        }
      } else if (byte === 0x28) {
        if (this.#depth === 0) this.#groups += 1;
        this.#depth += 1;
      } else if (byte === 0x29) {
        if (this.#depth > 0) this.#depth -= 1;
      } else {
        const state = opens(byte);
        if (state !== code) {
          this.#state = state;
          return at + 1;
        }
      }
    }
    return chunk.length;
  }

  /** Follows the statement's first word; true when it turned out to be DELIMITER and its argument comes next. */
  #firstWord(byte: number, lineStart: boolean): boolean {
    if (isLetter(byte) && (this.#word === null || this.#word.length < 10)) {
      // Only a word at the start of a line can be the DELIMITER command; "?" keeps others from spelling it.
      this.#word = (this.#word ?? (lineStart ? "" : "?")) + String.fromCharCode(byte | 0x20);
      this.#wordOpen = true;
      return false;
    }
    if (this.#wordOpen && this.#word === "delimiter" && (byte === 0x20 || byte === 0x09)) {
      this.#state = delimiterLine;
      this.#wordOpen = false;
      return true;
    }
    // A comment in front of the statement does not begin it.
    if (this.#word === null && (byte === 0x23 || byte === 0x2d || byte === 0x2f)) return false;
    this.#word ??= "";
    this.#wordOpen = false;
    return false;
  }

  #delimiterLine(chunk: Buffer, at: number): number {
    const end = this.#argument.read(chunk, at);
    if (end < 0) this.#delimiter = this.#argument.word() ?? this.#delimiter;
    this.#lineStart = end < 0;
    return end;
  }

  /** One byte after a dash, a slash or a star that may open or close a comment. */
  #opening(byte: number, at: number): number {
    switch (this.#state) {
      case dash:
        this.#state = byte === 0x2d ? dashes : code;
        return this.#back(at, byte === 0x2d);
      case dashes:
        this.#state = isSpace(byte) || this.#word === null ? lineComment : code;
        return at;
      case slash:
        this.#state = byte === 0x2a ? slashStar : code;
        return this.#back(at, byte === 0x2a);
      case slashStar:
        if (byte === 0x21) {
          this.#state = code;
          this.#word ??= "";
          return at + 1;
        }
        this.#state = byte === 0x4d ? slashStarM : byte === 0x2a ? blockStar : blockComment;
        return at + 1;
      default:
        if (byte === 0x21) this.#word ??= "";
        this.#state = byte === 0x21 ? code : byte === 0x2a ? blockStar : blockComment;
        return at + 1;
    }
  }

  /** A lone dash or slash was code after all, and begins the statement; the byte behind it is read again. */
  #back(at: number, opened: boolean): number {
    if (opened) {
      this.#matched = 0;
      return at + 1;
    }
    this.#word ??= "";
    return at;
  }

  #finish(): void {
    const groups = this.#groups + (this.#state === rowLines ? this.#rows.count : 0);
    this.#lineStart = this.#state === rowLines || this.#lineStart;
    this.#state = code;
    this.#matched = 0;
    this.#depth = 0;
    this.#groups = 0;
    this.#word = null;
    this.#wordOpen = false;
    this.#sink.end(groups);
  }
}
