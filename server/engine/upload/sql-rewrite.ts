import { Failure } from "../../domain/errors.ts";
import type { Rewrites } from "../../domain/inspection.ts";
import { markBytes, markOf } from "./dump-header.ts";
import { collationsIn } from "./sql-collations.ts";
import { firstMode, judge, judgeRowsWord, modeOf, type SqlSession } from "./sql-judge.ts";
import type { Judgement, SqlKind } from "./sql-judgement.ts";
import { type SqlListener, SqlSplitter, type SqlStatement, SqlUnreadable } from "./sql-split.ts";
import { tokensOf } from "./sql-tokens.ts";

interface Edit {
  readonly at: number;
  readonly end: number;
  readonly text: string;
}

const leftOut: readonly SqlKind[] = ["makeDatabase", "dropDatabase", "use", "replication"];

/**
 * An inspected dump on its way into a database, changed in its code only: literals, quoted names and comments pass byte for
 * byte. The lines about the old server and its database go, names of that database lose it, events come disabled, and what
 * `rewrites` asks for is done. Throws ARTIFACT_UNSAFE at whatever the inspection would have refused.
 */
export async function* rewritten(source: AsyncIterable<Uint8Array>, rewrites: Rewrites): AsyncGenerator<Buffer, void> {
  const rewriter = new SqlRewriter(rewrites);
  // The dump is read under this mode here: the server is to read it under the same.
  yield Buffer.from(`SET SESSION sql_mode='${firstMode}';\n`);
  for await (const piece of source) {
    const out = rewriter.feed(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength));
    if (out.length) yield out;
  }
  const rest = rewriter.finish();
  if (rest.length) yield rest;
}

class SqlRewriter implements SqlListener {
  readonly #splitter = new SqlSplitter(this);
  readonly #session: SqlSession = { mode: firstMode, saved: new Map() };
  readonly #stripDefiner: boolean;
  readonly #collations: ReadonlyMap<string, string>;
  #out: Buffer[] = [];
  #head: Buffer | null = Buffer.alloc(0);

  constructor({ stripDefiner, collations }: Rewrites) {
    this.#stripDefiner = stripDefiner;
    this.#collations = new Map(collations.map(({ from, to }) => [from.toLowerCase(), to]));
  }

  feed(chunk: Buffer): Buffer {
    if (this.#head === null) return this.#read(chunk);
    this.#head = Buffer.concat([this.#head, chunk]);
    return this.#head.length < markBytes ? Buffer.alloc(0) : this.#begin();
  }

  finish(): Buffer {
    const first = this.#head === null ? Buffer.alloc(0) : this.#begin();
    if (!guarded(() => this.#splitter.finish())) throw cut();
    return Buffer.concat([first, this.#take()]);
  }

  /** The client's own mark, and a byte order mark, are no SQL. */
  #begin(): Buffer {
    const head = this.#head ?? Buffer.alloc(0);
    this.#head = null;
    return this.#read(head.subarray(markOf(head).length));
  }

  #read(chunk: Buffer): Buffer {
    guarded(() => this.#splitter.feed(chunk));
    return this.#take();
  }

  #take(): Buffer {
    const out = Buffer.concat(this.#out);
    this.#out = [];
    return out;
  }

  statement({ bytes, line, delimiter }: SqlStatement): void {
    const own = delimiter ? bytes.subarray(0, -delimiter) : bytes;
    const read = tokensOf(own, this.#splitter);
    const judgements = judge(read, own, this.#session);
    const refusal = judgements.find((judgement) => judgement.refusal)?.refusal;
    if (refusal) throw unsafe(line, refusal.what, refusal.reason);
    Object.assign(this.#splitter, modeOf(this.#session.mode));
    if (judgements.some(({ kind }) => leftOut.includes(kind))) {
      if (judgements.some(({ kind }) => !leftOut.includes(kind)))
        throw unsafe(line, "A line about the old server beside others", "SQL_NOT_ALLOWED");
      this.#out.push(Buffer.from("\n"));
      return;
    }
    const edits = judgements.flatMap((judgement) => this.#edits(judgement));
    for (const { name, at, end } of this.#collations.size ? collationsIn(read.tokens) : []) {
      const to = this.#collations.get(name);
      if (to) edits.push({ at, end, text: to });
    }
    this.#out.push(applied(bytes, edits));
  }

  #edits({ definer, qualifiers, enable }: Judgement): Edit[] {
    return [
      ...(definer && this.#stripDefiner ? [{ ...definer, text: "" }] : []),
      ...qualifiers.map(({ at, end }) => ({ at, end, text: "" })),
      ...(enable ? [{ ...enable, text: enable.at === enable.end ? "DISABLE " : "DISABLE" }] : []),
    ];
  }

  delimiter(bytes: Buffer): void {
    this.#out.push(bytes);
  }

  rowsBegin(head: SqlStatement): void {
    this.statement(head);
  }

  rowsMore(bytes: Buffer): void {
    this.#out.push(bytes);
  }

  rowsWord(word: string, called: boolean, line: number): void {
    const refusal = judgeRowsWord(word, called);
    if (refusal) throw unsafe(line, refusal.what, refusal.reason);
  }

  rowsOdd(what: string, line: number): void {
    throw unsafe(line, `${what} among rows`, what === "\\" ? "SQL_CLIENT_COMMAND" : "SQL_NOT_ALLOWED");
  }

  rowsEnd(): void {}
}

/** The bytes with each span replaced; the spans do not overlap. */
function applied(bytes: Buffer, edits: readonly Edit[]): Buffer {
  if (edits.length === 0) return bytes;
  const pieces: Buffer[] = [];
  let from = 0;
  for (const { at, end, text } of edits.toSorted((a, b) => a.at - b.at)) {
    pieces.push(bytes.subarray(from, at), Buffer.from(text));
    from = end;
  }
  pieces.push(bytes.subarray(from));
  return Buffer.concat(pieces);
}

function guarded<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof SqlUnreadable ? unsafe(error.line, error.message, error.reason) : error;
  }
}

const unsafe = (line: number, what: string, reason: string) =>
  new Failure("ARTIFACT_UNSAFE", `Line ${line}: ${what} is not allowed in a dump.`, "Nothing more of it was run. Send the file again.", {
    reason,
  });

const cut = () =>
  new Failure("ARTIFACT_CORRUPT", "The dump ends in the middle of a statement.", "Send the whole file again.", {
    reason: "DUMP_INCOMPLETE",
  });
