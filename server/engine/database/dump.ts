import type { DatabaseSummary } from "../../domain/manifest.ts";
import type { ClientTools, PartReader } from "../part.ts";
import { binlogOptions } from "./binlog-lines.ts";
import { brokenViewNote, setBrokenViewsAside, withoutViews } from "./broken-views.ts";
import { type Session, select, withSession } from "./client.ts";
import { openProgramDump } from "./dump-program.ts";
import type { DumpRequest, Outlook } from "./dump-request.ts";
import { demandSynced } from "./galera.ts";
import { inspectSchema } from "./inspect.ts";
import { chooseEngine } from "./parallel-choice.ts";
import { openParallelDump } from "./parallel-dump.ts";
import { lackOf, missingForDump } from "./privileges.ts";

/**
 * A consistent dump of a whole database, compressed: by several connections at once, or by the dump program. An account
 * that would dump only a part is refused beforehand with the GRANT that mends it. `bytes` end only when the dump is proved
 * whole: every child ended well, the trailer is there, and all tables, views, triggers, routines and events that the
 * server had named are in it. Where the tables cannot be locked for the moment in which several connections come to see
 * one state, the dump program takes its place.
 */
export async function openDump(request: DumpRequest): Promise<PartReader<DatabaseSummary>> {
  const { connection, tools, engine = "AUTO", say, signal } = request;
  signal.throwIfAborted();
  const { outlook, choice } = await withSession(
    connection,
    async (session) => {
      const found = await look(session, connection.database, tools);
      return { outlook: found, choice: await chooseEngine(session, connection.database, { engine, tools, outlook: found }) };
    },
    { signal },
  );
  for (const note of outlook.notes) say("WARN", note);
  request.chosen?.(choice.engine, choice.reason);
  if (choice.engine === "PARALLEL") {
    const opened = await openParallelDump(request, outlook, choice.methods);
    if (!("refused" in opened)) return opened;
    say("WARN", `${opened.refused} The dump program reads the database instead.`);
    request.chosen?.("MYSQLDUMP", opened.refused);
  }
  return openProgramDump(request, outlook);
}

/** What the database holds, and how it has to be dumped. */
async function look(session: Session, database: string, tools: ClientTools): Promise<Outlook> {
  await demandSynced(session);
  const missing = await missingForDump(session, database);
  if (missing.privileges.length) throw lackOf(missing, "a whole backup");
  const { facts, aside } = await setBrokenViewsAside(session, database, await inspectSchema(session, database));
  const engines = await select<{ engine: string }>(
    session,
    "SELECT ENGINE AS engine FROM information_schema.ENGINES WHERE TRANSACTIONS = 'YES'",
  );
  const transactional = new Set(engines.map(({ engine }) => engine.toLowerCase()));
  const outside = facts.tables.filter(({ engine }) => engine !== null && !transactional.has(engine.toLowerCase()));
  const histories = facts.tables.filter(({ kind }) => kind === "history");
  const notes = [
    ...aside.map(brokenViewNote),
    ...outside.map(
      ({ name, engine }) => `Table ${name} (${engine}) is outside the consistent snapshot: it is as it was when the dump came to it.`,
    ),
    ...histories.map(({ name }) => `Table ${name} is system-versioned: the backup holds its present rows, not their history.`),
  ];
  return { facts, notes, further: withoutViews(database, aside), binlog: await binlogOptions(session, tools), outside };
}
