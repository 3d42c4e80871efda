import { Readable } from "node:stream";
import type { Connection } from "../../domain/connection.ts";
import type { DatabaseSummary } from "../../domain/manifest.ts";
import type { ClientTools, Packing, PartReader, Running } from "../part.ts";
import { binlogOptions } from "./binlog-lines.ts";
import { brokenViewNote, setBrokenViewsAside, withoutViews } from "./broken-views.ts";
import { type Session, select, withSession } from "./client.ts";
import { demandCover, demandWhole, summarize } from "./dump-gate.ts";
import { idleMilliseconds, lively, startPipeline, unlessStalled } from "./dump-pipeline.ts";
import { demandSynced } from "./galera.ts";
import { type DatabaseFacts, inspectSchema } from "./inspect.ts";
import { lackOf, missingForDump } from "./privileges.ts";

export interface DumpRequest extends Running {
  readonly connection: Connection;
  readonly tools: ClientTools;
  readonly packing: Packing;
  /** How long the dump may stand still before it is given up, in milliseconds; two minutes when left out. */
  readonly idle?: number;
}

/**
 * A consistent, non-locking dump of a whole database, compressed. An account that would dump only a part is refused
 * beforehand with the GRANT that mends it. `bytes` end only when the dump is proved whole: every child ended well, the
 * trailer is there, and all tables, views, triggers, routines and events that the server had named are in it.
 */
export async function openDump(request: DumpRequest): Promise<PartReader<DatabaseSummary>> {
  const { connection, tools, packing, say, signal, idle = idleMilliseconds } = request;
  signal.throwIfAborted();
  const found = await withSession(connection, (session) => look(session, connection.database, tools), { signal });
  const { facts, notes } = found;
  for (const note of notes) say("WARN", note);
  const pipeline = await startPipeline({ connection, tools, packing, further: found.further, signal });
  const done = Promise.withResolvers<{ size: number; summary: DatabaseSummary }>();
  done.promise.catch(() => {});

  async function* gated(): AsyncGenerator<Uint8Array> {
    let stored = 0;
    const progress = () => stored + pipeline.report.progress().bytes;
    try {
      for await (const chunk of unlessStalled(pipeline.output, progress, idle)) {
        stored += chunk.length;
        yield chunk;
      }
      const [exits, result] = await lively(Promise.all([pipeline.exits, pipeline.report.result]), progress, idle);
      signal.throwIfAborted();
      demandWhole(exits, result?.facts, facts);
      demandCover(result, stored);
      done.resolve({ size: result.facts.bytes, summary: summarize(connection.database, result, facts, notes) });
    } catch (error) {
      done.reject(signal.aborted ? signal.reason : error);
      throw signal.aborted ? signal.reason : error;
    } finally {
      await pipeline.stop();
    }
  }
  const bytes = Readable.from(gated(), { objectMode: false });
  // Whoever reads meets the error; before anybody does, it must not count as uncaught.
  bytes.on("error", () => {});
  // A reader that goes away early ends the dump as well.
  bytes.once("close", () => {
    done.reject(signal.aborted ? signal.reason : (bytes.errored ?? new Error("The dump was not read to its end")));
    void pipeline.stop();
  });
  const onAbort = () => bytes.destroy(signal.reason instanceof Error ? signal.reason : new Error("The dump was cancelled"));
  signal.addEventListener("abort", onAbort, { once: true });
  bytes.once("close", () => signal.removeEventListener("abort", onAbort));
  return { bytes, progress: pipeline.report.progress, done: done.promise };
}

interface Outlook {
  readonly facts: DatabaseFacts;
  /** What a reader of the backup should know about it. */
  readonly notes: readonly string[];
  /** What the dump program has to be told besides. */
  readonly further: readonly string[];
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
  return { facts, notes, further: [...withoutViews(database, aside), ...(await binlogOptions(session, tools))] };
}
