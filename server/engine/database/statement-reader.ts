import { classify, type Statement } from "./statement-kind.ts";
import { StatementSplitter } from "./statements.ts";

/** Enough of a statement to know what it is; also the longest that is handed on in one piece. */
const headBytes = 64 * 1024;

/** What a reader of statements is told. A long statement's bytes come in pieces after `begin`. */
export interface StatementListener {
  /** A statement is known; `bytes` are all of it so far. */
  begin(statement: Statement, bytes: Buffer): void;
  more(bytes: Buffer): void;
  /** `rows` is the number of rows of an INSERT, else 0. */
  end(rows: number): void;
}

/** Reads a script statement by statement, knows what each one is, and follows the modes that change how quotes are read. */
export class StatementReader {
  readonly #listener: StatementListener;
  readonly #splitter: StatementSplitter;
  #held: Buffer[] = [];
  #size = 0;
  #statement: Statement | null = null;

  constructor(listener: StatementListener, options: { readonly rowPerLine?: boolean } = {}) {
    this.#listener = listener;
    this.#splitter = new StatementSplitter({ piece: (bytes) => this.#piece(bytes), end: (groups) => this.#end(groups) }, options);
  }

  /** The bytes of `chunk` are used before this returns, except for the unfinished statement's first 64 KiB, which are copied. */
  feed(chunk: Buffer): void {
    this.#splitter.feed(chunk);
    // The chunk's memory may be read into again.
    this.#held = this.#held.length ? [Buffer.from(Buffer.concat(this.#held))] : [];
  }

  /** Hands on what is left; true when no statement was cut. */
  finish(): boolean {
    const whole = this.#splitter.between;
    if (this.#size > 0 && !this.#statement) this.#begin();
    if (this.#size > 0) this.#listener.end(0);
    return whole;
  }

  #piece(bytes: Buffer): void {
    this.#size += bytes.length;
    if (this.#statement) {
      this.#listener.more(bytes);
    } else {
      this.#held.push(bytes);
      if (this.#size >= headBytes) this.#begin();
    }
  }

  #begin(): void {
    const [only] = this.#held;
    const bytes = this.#held.length === 1 && only ? only : Buffer.concat(this.#held);
    this.#held = [];
    this.#statement = classify(bytes.toString("utf8", 0, headBytes));
    this.#listener.begin(this.#statement, bytes);
    if (this.#statement.kind === "set") this.#follow(bytes.toString("latin1"));
  }

  #end(groups: number): void {
    if (!this.#statement) this.#begin();
    const statement = this.#statement;
    this.#statement = null;
    this.#size = 0;
    this.#listener.end(statement?.kind === "insert" ? groups - statement.notRows : 0);
  }

  /** A routine is dumped under the sql_mode that it was made with, and two of the modes change what a quote means. */
  #follow(text: string): void {
    const mode = /\bSQL_MODE\s*=\s*(?<mode>'[^']*'|@\w+)/i.exec(text)?.groups?.mode;
    if (mode === undefined) return;
    this.#splitter.backslashEscapes = !/NO_BACKSLASH_ESCAPES/i.test(mode);
    this.#splitter.ansiQuotes = /ANSI_QUOTES/i.test(mode);
  }
}
