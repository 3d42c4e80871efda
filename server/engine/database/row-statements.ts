import type { RowColumn } from "./row-columns.ts";
import { rowsHeader } from "./row-text.ts";

/** What a frame holds: `bytes` are all of it, `statements` the INSERT statements alone. Both are there only until the call returns. */
export interface RowFrame {
  readonly bytes: Buffer;
  readonly statements: Buffer;
  readonly rows: number;
}

/** A statement ends with the row that makes it so long. */
const statementBytes = 1024 * 1024;
/** A frame ends with the statement that makes it so long. */
const frameBytes = 4 * statementBytes;
/** A frame, and a row of usual length that is not begun before that. */
const usualBytes = frameBytes + 2 * statementBytes;

const opening = Buffer.from("/*!40101 SET NAMES binary */;\n");
const closing = Buffer.from("/*!40101 SET NAMES utf8mb4 */;\n");

const [nullValue, twoBytes, threeBytes] = [0xfb, 0xfc, 0xfd];
const [quote, backslash, comma, open, close, semicolon, lineBreak] = [0x27, 0x5c, 0x2c, 0x28, 0x29, 0x3b, 0x0a];

/** For each byte that is escaped the sign behind the backslash, else 0. */
const escapes = new Uint8Array(256);
for (const [byte, sign] of [
  [0x00, "0"],
  [0x0a, "n"],
  [0x0d, "r"],
  [0x1a, "Z"],
  [backslash, "\\"],
  [quote, "'"],
] as const)
  escapes[byte] = sign.charCodeAt(0);

/** Makes INSERT statements of rows as the text protocol brings them, one row a line, into one piece of memory that is used over and over. */
export class RowStatements {
  readonly #flush: (frame: RowFrame) => void;
  #memory: Buffer = Buffer.allocUnsafeSlow(usualBytes);
  #at = 0;
  #rows = 0;
  /** Where the present statement begins; negative between statements. */
  #statement = -1;
  #header: Buffer = Buffer.alloc(0);
  #bare = new Uint8Array(0);

  constructor(flush: (frame: RowFrame) => void) {
    this.#flush = flush;
  }

  /** The rows that follow are of this table. */
  begin(table: string, columns: readonly RowColumn[]): void {
    const names = columns.map(({ name }) => name);
    this.#header = Buffer.from(rowsHeader(table, names));
    this.#bare = Uint8Array.from(columns, ({ bare }) => (bare ? 1 : 0));
  }

  /** A row as it came: a length and the bytes of each value. */
  row(row: Buffer, start: number, end: number): void {
    // Each byte may have to be escaped; a value is longer by a comma and its quotes, or is NULL in the place of one byte.
    this.#makeRoom(2 * (end - start) + 4 * this.#bare.length + this.#header.length + opening.length + closing.length + 16);
    const memory = this.#memory;
    let at = this.#beginRow(memory);
    let from = start;
    for (let column = 0; column < this.#bare.length; column += 1) {
      if (column > 0) memory[at++] = comma;
      let length = row[from++] ?? 0;
      if (length >= nullValue) {
        if (length === nullValue) {
          memory[at++] = 0x4e;
          memory[at++] = 0x55;
          memory[at++] = 0x4c;
          memory[at++] = 0x4c;
          continue;
        }
        const width = length === twoBytes ? 2 : length === threeBytes ? 3 : 8;
        length = width === 8 ? Number(row.readBigUInt64LE(from)) : row.readUIntLE(from, width);
        from += width;
      }
      const until = from + length;
      if (this.#bare[column] === 1) {
        while (from < until) memory[at++] = row[from++] ?? 0;
        continue;
      }
      memory[at++] = quote;
      while (from < until) {
        const byte = row[from++] ?? 0;
        const sign = escapes[byte] ?? 0;
        if (sign !== 0) memory[at++] = backslash;
        memory[at++] = sign === 0 ? byte : sign;
      }
      memory[at++] = quote;
    }
    memory[at++] = close;
    this.#at = at;
    this.#rows += 1;
    if (at - this.#statement >= statementBytes) this.#endStatement();
  }

  /** Hands over what is left: no frame holds rows of two tables. */
  end(): void {
    if (this.#statement >= 0) this.#endStatement();
    this.#endFrame();
  }

  #beginRow(memory: Buffer): number {
    let at = this.#at;
    if (this.#statement < 0) {
      if (at === 0) at += opening.copy(memory, at);
      this.#statement = at;
      at += this.#header.copy(memory, at);
    } else {
      memory[at++] = comma;
      memory[at++] = lineBreak;
    }
    memory[at++] = open;
    return at;
  }

  #endStatement(): void {
    this.#memory[this.#at++] = semicolon;
    this.#memory[this.#at++] = lineBreak;
    this.#statement = -1;
    if (this.#at >= frameBytes) this.#endFrame();
  }

  #endFrame(): void {
    if (this.#at === 0) return;
    const end = this.#at;
    this.#at += closing.copy(this.#memory, end);
    const [bytes, statements] = [this.#memory.subarray(0, this.#at), this.#memory.subarray(opening.length, end)];
    this.#flush({ bytes, statements, rows: this.#rows });
    this.#at = 0;
    this.#rows = 0;
    if (this.#memory.length > usualBytes) this.#memory = Buffer.allocUnsafeSlow(usualBytes);
  }

  #makeRoom(bytes: number): void {
    if (this.#memory.length - this.#at >= bytes) return;
    const larger = Buffer.allocUnsafeSlow(this.#at + bytes + statementBytes);
    this.#memory.copy(larger, 0, 0, this.#at);
    this.#memory = larger;
  }
}
