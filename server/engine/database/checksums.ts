import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import type { Connection } from "../../domain/connection.ts";
import type { DatabaseContent } from "../content.ts";
import type { ClientTools } from "../part.ts";
import { spawnTool, type Tool } from "../process.ts";
import { setBrokenViewsAside, withoutViews } from "./broken-views.ts";
import { count, withSession } from "./client.ts";
import { credentialFile } from "./credential.ts";
import { openDump } from "./dump.ts";
import { demandDump, demandScan, demandWhole } from "./dump-gate.ts";
import { dumpArguments, idleMilliseconds, lively, outputOf, script, startPipeline } from "./dump-pipeline.ts";
import { inspectSchema } from "./inspect.ts";
import { qualify } from "./names.ts";
import { checksumOf } from "./parallel-gate.ts";
import { type RangeSumsRequest, readRangeSums } from "./parallel-sums.ts";
import type { RowTotals } from "./row-sum.ts";

/** What a dump says of one table; `checksum` as in TableSummary, null for a sequence. */
export interface TableChecksum {
  readonly rows: number;
  readonly checksum: string | null;
}

const rowsOnly = ["--skip-triggers", "--skip-routines", "--skip-events"];

/**
 * Row counts and checksums of the tables of a database as it is now, by the dump program and options that a backup is
 * made with: equal rows in equal order give equal checksums. `tables` limits it to those; null means all. The dump
 * itself is thrown away; `observe` hears some times a second at most how much of it was read. Rejects like `openDump` where it would not be whole.
 */
export async function readChecksums(
  connection: Connection,
  tools: ClientTools,
  tables: readonly string[] | null,
  signal: AbortSignal,
  observe: (bytes: number) => void = () => {},
): Promise<Map<string, TableChecksum>> {
  const { facts, aside } = await withSession(
    connection,
    async (session) => setBrokenViewsAside(session, connection.database, await inspectSchema(session, connection.database)),
    { signal },
  );
  const wanted = tables === null ? facts.tables : facts.tables.filter(({ name }) => tables.includes(name));
  if (wanted.length === 0) return new Map();
  const further = [...rowsOnly, ...withoutViews(connection.database, aside)];
  const run = await startPipeline({ connection, tools, packing: null, further, only: tables && wanted.map(({ name }) => name), signal });
  try {
    run.output.resume();
    const ended = Promise.all([run.exits, run.report.result]);
    const read = () => {
      const { bytes } = run.report.progress();
      observe(bytes);
      return bytes;
    };
    const [exits, result] = await lively(ended, read, idleMilliseconds);
    signal.throwIfAborted();
    const views = tables === null ? facts.definitions.views : [];
    const none = { views, triggers: [], procedures: [], functions: [], events: [] };
    demandWhole(exits, result?.facts, { ...facts, tables: wanted, definitions: none });
    const sequences = new Set(facts.tables.flatMap(({ name, kind }) => (kind === "sequence" ? [name] : [])));
    return new Map(
      result.facts.tables.map(([name, rows, checksum]) => [name, sequences.has(name) ? { rows: 1, checksum: null } : { rows, checksum }]),
    );
  } finally {
    await run.stop();
  }
}

/**
 * The same for a backup that several connections read: by them, in its own stretches. Of tables that it does not know the
 * rows are counted.
 */
export async function readRangeChecksums(request: RangeSumsRequest): Promise<Map<string, TableChecksum>> {
  const { connection, signal } = request;
  const sums = await readRangeSums(request);
  const present = await withSession(
    connection,
    async (session) => {
      const others: [string, TableChecksum][] = [];
      const { tables } = await inspectSchema(session, connection.database);
      for (const { name, kind } of tables)
        if (!sums.has(name))
          others.push([name, { rows: kind === "sequence" ? 1 : await count(session, qualify(connection.database, name)), checksum: null }]);
      return others;
    },
    { signal },
  );
  return new Map([...present, ...[...sums].map(([name, { rows, ranges }]) => [name, { rows, checksum: checksumOf(ranges) }] as const)]);
}

/** How the rows of a table in a backup compare with those in a database, in whatever order they come. */
export interface RowComparison {
  readonly equal: boolean;
  readonly expectedRows: number;
  readonly foundRows: number;
}

/**
 * Compares the rows of `table` as the stored dump has them with those that a fresh dump of the database has, by the sum
 * of their hashes: for tables without a primary key, whose rows may come back in another order.
 */
export async function sameRows(
  content: DatabaseContent,
  connection: Connection,
  tools: ClientTools,
  table: string,
  signal: AbortSignal,
): Promise<RowComparison> {
  const expected = await storedTotals(content, table, signal);
  const ours = content.summary.engine === "PARALLEL";
  const found = await (ours ? presentByUs(connection, tools, table, signal) : presentTotals(connection, tools, table, signal));
  return { equal: expected.rows === found.rows && expected.sum === found.sum, expectedRows: expected.rows, foundRows: found.rows };
}

const storedTotals = (content: DatabaseContent, table: string, signal: AbortSignal) =>
  totalsFrom(content.open([table], signal), table, signal);

async function totalsFrom(dump: AsyncIterable<Uint8Array>, table: string, signal: AbortSignal): Promise<RowTotals> {
  await using adder = spawnTool(process.execPath, [script("./row-sum-child"), table], { stdin: "pipe", signal });
  if (!adder.stdin) throw new Error("A child was started without its input");
  // What the child says when it fails is better than that its pipe broke.
  const [fed, totals] = await Promise.allSettled([pipeline(dump, adder.stdin, { signal }), totalsOf(adder)]);
  if (fed.status === "rejected" && totals.status === "fulfilled") throw fed.reason;
  if (totals.status === "rejected") throw totals.reason;
  return totals.value;
}

async function presentTotals(connection: Connection, tools: ClientTools, table: string, signal: AbortSignal): Promise<RowTotals> {
  await using credential = await credentialFile(connection);
  const args = dumpArguments(connection, tools, rowsOnly, [table]);
  await using dump = spawnTool(tools.dump, args, { fds: [credential.fd], secrets: [connection.password], signal });
  await using adder = spawnTool(process.execPath, [script("./row-sum-child"), table], { stdin: outputOf(dump), signal });
  const totals = await totalsOf(adder);
  demandDump(await dump.exited);
  return totals;
}

/** The same as our own writer writes its values, which takes a dump of the whole database. */
async function presentByUs(connection: Connection, tools: ClientTools, table: string, signal: AbortSignal): Promise<RowTotals> {
  const packing = { compression: "NONE", level: 0 } as const;
  const { bytes, done } = await openDump({ connection, tools, packing, engine: "PARALLEL", signal, say: () => {} });
  done.catch(() => {});
  const totals = await totalsFrom(bytes, table, signal);
  await done;
  return totals;
}

async function totalsOf(adder: Tool): Promise<RowTotals> {
  const [said, exit] = await Promise.all([text(outputOf(adder)), adder.exited]);
  demandScan(exit);
  return JSON.parse(said) as RowTotals;
}
