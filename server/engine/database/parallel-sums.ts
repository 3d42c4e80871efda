import type { Connection } from "../../domain/connection.ts";
import type { TableSummary } from "../../domain/manifest.ts";
import { withSession } from "./client.ts";
import { idleMilliseconds, lively } from "./dump-pipeline.ts";
import { isPlace } from "./key-places.ts";
import { demandRanges, demandRead } from "./parallel-gate.ts";
import type { ParallelJob, TableJob } from "./parallel-messages.ts";
import { startReading } from "./parallel-process.ts";
import { columnsOf } from "./row-columns.ts";

export interface RangeSumsRequest {
  readonly connection: Connection;
  /** As a backup by PARALLEL tells of them; those without ranges are passed over. */
  readonly tables: readonly TableSummary[];
  /** Connections at a time. */
  readonly threads: number;
  readonly signal: AbortSignal;
  readonly lowPriority?: boolean;
  /** Hears some times a second at most how many bytes of statements were made. */
  observe?(bytes: number): void;
}

/** What a table of a database is now, in the stretches of the backup that it is compared with. */
export interface TableSums {
  readonly rows: number;
  readonly ranges: readonly { readonly rows: number; readonly sha256: string }[];
}

/**
 * Reads tables as PARALLEL reads them for a backup, in the same stretches: equal rows give equal sums. Tables that the
 * database does not have are left out. Rejects like `openDump` where one is not read to its end.
 */
export async function readRangeSums(request: RangeSumsRequest): Promise<Map<string, TableSums>> {
  const { connection, threads, signal, lowPriority = false, observe = () => {} } = request;
  const tables = await jobsFor(request);
  if (tables.length === 0) return new Map();
  const job: ParallelJob = { connection, threads, bytesPerSecond: null, tables, dump: null };
  const reading = startReading(job, lowPriority, signal);
  try {
    reading.output.resume();
    reading.input.end();
    const progress = () => {
      const { bytes } = reading.progress();
      observe(bytes);
      return bytes;
    };
    const [exit, end] = await lively(Promise.all([reading.exited, reading.end]), progress, idleMilliseconds);
    signal.throwIfAborted();
    const found = demandRead(exit, end, null);
    if (found.kind !== "sums") throw new Error("The process that reads the database answered something else");
    demandRanges(found.tables, tables);
    return new Map(found.tables.map(([name, ranges]) => [name, { rows: ranges.reduce((sum, { rows }) => sum + rows, 0), ranges }]));
  } finally {
    await reading.stop();
  }
}

async function jobsFor({ connection, tables, signal }: RangeSumsRequest): Promise<TableJob[]> {
  const columns = await withSession(connection, (session) => columnsOf(session, connection.database), { signal });
  return tables.flatMap(({ name, bytes, ranges }) => {
    const found = columns.get(name);
    if (!found || !ranges) return [];
    const key = found.key.map((column) => column.name);
    const bounds = ranges.map(({ upTo }) => upTo);
    // A table of another key, or whose ranges nobody of us wrote, is read whole: its sums then differ.
    const fit = bounds.every((bound) => bound === null || (bound.length <= key.length && bound.every(isPlace)));
    return [{ name, columns: found.columns, key, bounds: fit ? bounds : [null], bytes }];
  });
}
