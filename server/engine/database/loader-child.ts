// Loads rows over one connection, in a process of its own: frames come in on standard input as loader-messages.ts tells,
// answers go out on standard output.
import { writeSync } from "node:fs";
import { connect } from "./client.ts";
import { type LoaderAnswer, LoaderInbox, type LoaderMessage, type LoaderTrouble } from "./loader-messages.ts";
import { type Frame, loadRows, mostWarnings, UnfitRows } from "./loader-rows.ts";
import { AlteredRows } from "./row-text.ts";
import { saidBy } from "./server-words.ts";

const inbox = new LoaderInbox(process.stdin);
try {
  const first = await inbox.next();
  if (first?.message.kind === "connect") await serve(first.message);
  process.exit(0);
} catch (error) {
  answer({ kind: "failed", why: troubleOf(error), message: saidBy(error, { bytewise: true }) });
  process.exit(1);
}

async function serve({ connection, way }: Extract<LoaderMessage, { kind: "connect" }>): Promise<void> {
  const session = await connect(connection, { charset: "binary" });
  // A stored row was right where it came from: it is not judged again.
  await session.query(
    `SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES', foreign_key_checks = 0, unique_checks = 1,
     max_error_count = ${mostWarnings}, net_read_timeout = 3600, wait_timeout = 28800
     /*M!100201 , check_constraint_checks = 0, max_statement_time = 0 */`,
  );
  answer({ kind: "connected", thread: session.threadId });
  for (let next = await inbox.next(); next; next = await inbox.next()) {
    if (next.message.kind !== "table") throw new Error("Rows came without their table");
    const rows = await loadRows(session, way, next.message, frames(), (size) => answer({ kind: "taken", size }));
    answer({ kind: "loaded", rows });
  }
}

async function* frames(): AsyncGenerator<Frame, void> {
  for (;;) {
    const next = await inbox.next();
    if (!next) throw new Error("The rows broke off");
    if (next.message.kind !== "frame") return;
    yield { ...next.message, bytes: next.bytes };
  }
}

function troubleOf(error: unknown): LoaderTrouble {
  if (error instanceof AlteredRows) return "altered";
  return error instanceof UnfitRows ? "unfit" : "refused";
}

function answer(line: LoaderAnswer): void {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
  for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at);
}
