import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { badInput, Failure } from "../domain/errors.ts";
import type { Session } from "./session.ts";

/** Goes on only when the person at the terminal types `word` after reading `what`; CANCELLED otherwise, BAD_USER_INPUT where nobody can be asked. */
export async function confirm(session: Session, what: string, word: string): Promise<void> {
  if (!session.canAsk) throw badInput("This has to be confirmed, and there is nobody to ask.", "Add --yes.");
  process.stderr.write(`${what}\n`);
  if ((await ask(session, `Type ${word} to go on: `)).trim() !== word.trim()) throw new Failure("CANCELLED", "Nothing was touched.");
}

/** A line typed at the terminal, without its line break; throws CANCELLED at Ctrl-C and at the end of input. A `hidden` one is not shown. */
export async function ask({ signal }: Pick<Session, "signal">, question: string, hidden = false): Promise<string> {
  const silence = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: hidden ? silence : process.stderr, terminal: true, historySize: 0 });
  const left = new AbortController();
  // It closes at the end of input and at Ctrl-C, which a terminal that is being read hands over as a key, not as a signal.
  terminal.once("close", () => left.abort());
  try {
    if (hidden) process.stderr.write(question);
    return await terminal.question(hidden ? "" : question, { signal: AbortSignal.any([signal, left.signal]) });
  } catch (cause) {
    throw new Failure("CANCELLED", "Cancelled. Nothing was touched.", undefined, { cause });
  } finally {
    terminal.close();
    if (hidden || left.signal.aborted) process.stderr.write("\n");
  }
}

/** The first line of standard input, without its line break; empty when there is none. */
export async function firstLine(): Promise<string> {
  for await (const line of createInterface({ input: process.stdin })) return line;
  return "";
}
