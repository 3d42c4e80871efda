/** One word, name, literal or sign of a statement. Comments are none, and versioned comments are code. */
export interface SqlToken {
  readonly kind: "word" | "name" | "string" | "sign";
  /** Without its quotes, in UTF-8. */
  readonly text: string;
  /** A word in upper case or a sign; "" for names and strings. */
  readonly word: string;
  /** Where it stands in the statement's bytes. */
  readonly at: number;
  readonly end: number;
}

export interface SqlTokens {
  readonly tokens: readonly SqlToken[];
  /** Comments as they stand, for what the dump tool says of itself. */
  readonly comments: readonly string[];
  /**
   * Where a quote or a comment holds the end of a versioned comment that some servers skip: those would see its end there,
   * and run what follows. -1 when there is none.
   */
  readonly hidden: number;
}

export interface SqlMode {
  readonly backslashEscapes: boolean;
  readonly ansiQuotes: boolean;
}

/** The tokens of a whole statement, read as a server reads them that skips no versioned comment. */
export function tokensOf(bytes: Buffer, mode: SqlMode): SqlTokens {
  const tokens: SqlToken[] = [];
  const comments: string[] = [];
  let [at, hidden] = [0, -1];
  let skippable = false;
  const hides = (end: number) => {
    if (!skippable || hidden >= 0) return;
    const mark = bytes.indexOf("*/", at, "latin1");
    if (mark >= 0 && mark < end - 1) hidden = at;
  };
  while (at < bytes.length) {
    const byte = bytes[at] ?? 0;
    if (isSpace(byte)) {
      at += 1;
      continue;
    }
    const [next, third] = [bytes[at + 1], bytes[at + 2]];
    if (byte === 0x2f && next === 0x2a && (third === 0x21 || (third === 0x4d && bytes[at + 3] === 0x21))) {
      const begun = at + (third === 0x21 ? 3 : 4);
      let end = begun;
      while (isDigit(bytes[end] ?? 0)) end += 1;
      skippable = third !== 0x21 || mayBeSkipped(bytes.toString("latin1", begun, end));
      at = end;
      continue;
    }
    if (byte === 0x2a && next === 0x2f) {
      skippable = false;
      at += 2;
      continue;
    }
    const comment = commentEnd(bytes, at, tokens.length === 0);
    if (comment > at) {
      // A plain comment in a versioned one ends where it seems to, for every server.
      if (byte !== 0x2f) hides(comment);
      if (comments.length < mostComments) comments.push(bytes.toString("utf8", at, Math.min(comment, at + 500)));
      at = comment;
      continue;
    }
    const quoted = byte === 0x27 || byte === 0x22 || byte === 0x60;
    const end = quoted ? quoteEnd(bytes, at, byte, mode) : isWord(byte) ? wordEnd(bytes, at) : at + 1;
    if (quoted) hides(end);
    tokens.push(tokenOf(bytes, at, end, byte, mode));
    at = end;
  }
  return { tokens, comments, hidden };
}

const mostComments = 200;
/** Strings are looked at by their beginning only. */
const mostText = 64 * 1024;

function tokenOf(bytes: Buffer, at: number, end: number, byte: number, { ansiQuotes }: SqlMode): SqlToken {
  if (isWord(byte)) {
    const text = bytes.toString("utf8", at, Math.min(end, at + 256));
    return { kind: "word", text, word: text.toUpperCase(), at, end };
  }
  if (byte !== 0x27 && byte !== 0x22 && byte !== 0x60) {
    const sign = String.fromCharCode(byte);
    return { kind: "sign", text: sign, word: sign, at, end };
  }
  const quote = String.fromCharCode(byte);
  const text = bytes.toString("utf8", at + 1, Math.min(Math.max(end - 1, at + 1), at + mostText)).replaceAll(quote + quote, quote);
  return { kind: byte === 0x60 || (byte === 0x22 && ansiQuotes) ? "name" : "string", text, word: "", at, end };
}

/** Every server of today runs the code of these: below 5.7, where MariaDB begins to leave MySQL's versions out. */
const mayBeSkipped = (version: string) => version !== "" && !(version.length === 5 && Number(version) >= 30000 && Number(version) < 50700);

function commentEnd(bytes: Buffer, at: number, first: boolean): number {
  const [byte, next, third] = [bytes[at], bytes[at + 1], bytes[at + 2]];
  if (byte === 0x23 || (byte === 0x2d && next === 0x2d && (first || third === undefined || isSpace(third)))) {
    const end = bytes.indexOf(0x0a, at);
    return end < 0 ? bytes.length : end;
  }
  if (byte !== 0x2f || next !== 0x2a) return at;
  const end = bytes.indexOf("*/", at + 2, "latin1");
  return end < 0 ? bytes.length : end + 2;
}

function quoteEnd(bytes: Buffer, start: number, quote: number, { backslashEscapes, ansiQuotes }: SqlMode): number {
  const escapes = backslashEscapes && (quote === 0x27 || (quote === 0x22 && !ansiQuotes));
  for (let at = start + 1; at < bytes.length; at += 1) {
    if (bytes[at] === quote) {
      if (bytes[at + 1] !== quote) return at + 1;
      at += 1;
    } else if (escapes && bytes[at] === 0x5c) at += 1;
  }
  return bytes.length;
}

function wordEnd(bytes: Buffer, at: number): number {
  let end = at + 1;
  while (end < bytes.length && isWord(bytes[end] ?? 0)) end += 1;
  return end;
}

const isSpace = (byte: number) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
const isDigit = (byte: number) => byte >= 0x30 && byte <= 0x39;
const isWord = (byte: number) =>
  isDigit(byte) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a) || byte === 0x5f || byte === 0x24 || byte >= 0x80;
