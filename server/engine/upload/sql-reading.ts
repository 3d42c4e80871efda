import type { SqlToken } from "./sql-tokens.ts";

/** A name as a statement writes it, with the database in front of it where there is one. */
export interface QualifiedName {
  readonly schema: string | null;
  readonly name: string;
  /** Where the database and its dot stand, to leave them out; null without one. */
  readonly qualifier: Span | null;
}

export interface Span {
  readonly at: number;
  readonly end: number;
}

/** Reads the tokens of one statement from left to right. */
export class SqlReading {
  readonly tokens: readonly SqlToken[];
  index: number;

  constructor(tokens: readonly SqlToken[], index = 0) {
    this.tokens = tokens;
    this.index = index;
  }

  get ended(): boolean {
    return this.index >= this.tokens.length;
  }

  peek(offset = 0): SqlToken | undefined {
    return this.tokens[this.index + offset];
  }

  next(): SqlToken | undefined {
    const token = this.peek();
    this.index += 1;
    return token;
  }

  /** Takes these words or signs if they come next, all of them or none. */
  take(...texts: readonly string[]): boolean {
    if (!texts.every((text, offset) => isPlain(this.peek(offset), text))) return false;
    this.index += texts.length;
    return true;
  }

  /** Takes one of these words. */
  takeAny(...words: readonly string[]): string | null {
    const found = words.find((word) => isPlain(this.peek(), word));
    if (found === undefined) return null;
    this.index += 1;
    return found;
  }

  /** Takes a name, quoted or not; null when none comes next. */
  name(): QualifiedName | null {
    const first = this.peek();
    if (!isNameLike(first)) return null;
    this.index += 1;
    if (!isPlain(this.peek(), ".") || !isNameLike(this.peek(1))) return { schema: null, name: first.text, qualifier: null };
    const last = this.peek(1);
    this.index += 2;
    return { schema: first.text, name: last?.text ?? "", qualifier: { at: first.at, end: last?.at ?? first.end } };
  }
}

export const isPlain = (token: SqlToken | undefined, word: string) => token !== undefined && token.word === word;

const isNameLike = (token: SqlToken | undefined): token is SqlToken => token?.kind === "name" || token?.kind === "word";
