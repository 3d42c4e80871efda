import { quoteName } from "./names.ts";

/** What a dump's rows must not hold: it is not what our writer makes, so none of it is given to a server. */
export class AlteredRows extends Error {}

/** A piece of a statement's rows. */
export interface RowPiece {
  /** Whole lines and parts of lines; the last piece of a statement has its `;` and line break at its end. */
  readonly bytes: Buffer;
  readonly ends: boolean;
}

const opening = Buffer.from("/*!40101 SET NAMES binary */;\n");
const closing = Buffer.from("/*!40101 SET NAMES utf8mb4 */;\n");
const statementEnd = Buffer.from(";\n");
const [open, close, semicolon] = [0x28, 0x29, 0x3b];

/** How each INSERT statement of a table begins. */
export const rowsHeader = (table: string, columns: readonly string[]): string =>
  `INSERT INTO ${quoteName(table)} (${columns.map(quoteName).join(",")}) VALUES\n`;

/**
 * Takes the rows out of frames of one table. All else in them must be, byte for byte, what our writer makes: the lines that
 * set the character set, and the beginnings and ends of INSERT statements of that table. A raw line break ends a line and
 * stands in no value, so a statement ends where the first `;` stands at the end of a line.
 */
export class RowText {
  readonly #header: Buffer;
  #state: "outside" | "between" | "first" | "rows" = "outside";
  #held: Buffer = Buffer.alloc(0);
  #last = 0;

  constructor(header: string) {
    this.#header = Buffer.from(header);
  }

  /** True where a frame may end. */
  get whole(): boolean {
    return this.#state === "outside" && this.#held.length === 0;
  }

  *read(chunk: Buffer): Generator<RowPiece> {
    const text = this.#held.length > 0 ? Buffer.concat([this.#held, chunk]) : chunk;
    this.#held = Buffer.alloc(0);
    for (let at = 0; at < text.length; ) {
      const next = this.#state === "rows" || this.#state === "first" ? this.#rowsFrom(text, at) : this.#lineFrom(text, at);
      if (next === null) {
        this.#held = Buffer.from(text.subarray(at));
        return;
      }
      if (next.rows) yield next.rows;
      at = next.at;
    }
  }

  /** Where the reading goes on; null where more has to come first. */
  #lineFrom(text: Buffer, at: number): { readonly at: number; readonly rows: RowPiece | null } | null {
    const lines = this.#state === "outside" ? [opening] : [this.#header, closing];
    for (const line of lines) {
      const length = Math.min(line.length, text.length - at);
      if (text.compare(line, 0, length, at, at + length) !== 0) continue;
      if (length < line.length) return null;
      this.#state = line === opening ? "between" : line === closing ? "outside" : "first";
      return { at: at + length, rows: null };
    }
    throw new AlteredRows("It holds something else than rows of its table.");
  }

  #rowsFrom(text: Buffer, at: number): { readonly at: number; readonly rows: RowPiece | null } | null {
    if (this.#state === "first" && text[at] !== open) throw new AlteredRows("A statement of it holds no rows.");
    const found = text.indexOf(statementEnd, at);
    // A semicolon at the very end may be the statement's.
    const until = found >= 0 ? found : text.at(-1) === semicolon ? text.length - 1 : text.length;
    if (found < 0 && until === at) return null;
    if (until > at) this.#last = text[until - 1] ?? 0;
    if (found >= 0 && this.#last !== close) throw new AlteredRows("A statement of it does not end with a row.");
    this.#state = found >= 0 ? "between" : "rows";
    const end = found >= 0 ? found + statementEnd.length : until;
    return { at: end, rows: { bytes: text.subarray(at, end), ends: found >= 0 } };
  }
}
