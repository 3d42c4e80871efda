import { AlteredRows } from "./row-text.ts";

const [lineBreak, quote, open, close, comma, semicolon, backslash] = [0x0a, 0x27, 0x28, 0x29, 0x2c, 0x3b, 0x5c];
const escapes = new Set(Buffer.from("0nr\\'Z"));
const [nullWord, inNumber] = [Buffer.from("NULL"), new Set(Buffer.from("0123456789+-.eE"))];

/**
 * Throws unless `rows`, the lines behind an INSERT's header, are nothing but rows of literals as our writer makes them, so
 * that whatever they hold is data to the server that they are sent to as SQL.
 */
export function demandLiterals(rows: Buffer): void {
  let at = 0;
  for (;;) {
    if (rows[at] !== open) throw notRow();
    do at = literalEnd(rows, at + 1);
    while (rows[at] === comma);
    if (rows[at] !== close || rows[at + 2] !== lineBreak) throw notRow();
    const after = rows[at + 1];
    at += 3;
    if (after === semicolon && at === rows.length) return;
    if (after !== comma) throw notRow();
  }
}

/** Where the literal ends that begins at `start`. */
function literalEnd(rows: Buffer, start: number): number {
  if (rows[start] === quote) return textEnd(rows, start + 1);
  if (rows.compare(nullWord, 0, nullWord.length, start, Math.min(start + nullWord.length, rows.length)) === 0)
    return start + nullWord.length;
  let at = start;
  while (inNumber.has(rows[at] ?? 0)) {
    // Two dashes begin a comment.
    if (rows[at] === 0x2d && rows[at + 1] === 0x2d) throw notRow();
    at += 1;
  }
  if (at === start) throw notRow();
  return at;
}

function textEnd(rows: Buffer, start: number): number {
  for (let at = start; at < rows.length; at += 1) {
    const byte = rows[at];
    if (byte === quote) return at + 1;
    if (byte === lineBreak) throw notRow();
    if (byte === backslash) {
      at += 1;
      if (!escapes.has(rows[at] ?? 0)) throw notRow();
    }
  }
  throw notRow();
}

const notRow = () => new AlteredRows("It holds something else than rows of plain values.");
