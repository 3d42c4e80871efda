import { pipeline } from "node:stream/promises";
import { formatCount } from "../../../shared/format.ts";
import type { DatabaseSummary, SharedSnapshot } from "../../domain/manifest.ts";
import { noLimits, threadsOf } from "../../domain/source-load.ts";
import type { PartReader } from "../part.ts";
import { spawnTool } from "../process.ts";
import { withSession } from "./client.ts";
import { credentialFile } from "./credential.ts";
import { demandCover, demandWhole, summarize } from "./dump-gate.ts";
import { dumpArguments, idleMilliseconds, lively, outputOf } from "./dump-pipeline.ts";
import { readDump } from "./dump-reader.ts";
import type { DumpRequest, Outlook } from "./dump-request.ts";
import { demandRanges, demandRead, demandSameColumns, withRows } from "./parallel-gate.ts";
import type { ParallelJob } from "./parallel-messages.ts";
import { planTables } from "./parallel-plan.ts";
import { startReading } from "./parallel-process.ts";
import { columnsOf } from "./row-columns.ts";

/**
 * A dump by several connections that see one state of the database (PARALLEL): their threads, in a process of its own, write
 * the rows; the dump program writes the structure. `refused`: the tables could not be locked in time, so nothing was read.
 */
export async function openParallelDump(
  request: DumpRequest,
  outlook: Outlook,
  methods: readonly SharedSnapshot["method"][],
): Promise<PartReader<DatabaseSummary> | { readonly refused: string }> {
  const { connection, tools, packing, limits = noLimits, say, signal, idle = idleMilliseconds } = request;
  const { facts, notes, further } = outlook;
  const { lowPriority, bytesPerSecond } = limits;
  const threads = threadsOf(limits);
  const { columns, tables } = await withSession(
    connection,
    async (session) => {
      const found = await columnsOf(session, connection.database);
      return { columns: found, tables: await planTables(session, facts.tables, found, threads) };
    },
    { signal },
  );
  const empty = tables.find((table) => table.columns.length === 0);
  if (empty) return { refused: `Table ${empty.name} has only generated columns, so that there is nothing of it to read.` };
  const job: ParallelJob = { connection, threads, bytesPerSecond, tables, dump: { packing, methods, binlog: outlook.binlog.length > 0 } };
  const reading = startReading(job, lowPriority, signal);
  try {
    const began = await lively(reading.began, () => 0, idleMilliseconds);
    if (began && "refused" in began) {
      await reading.stop();
      return began;
    }
    if (began) say("INFO", sayingOf(began.snapshot));
    // Behind the snapshot: a sequence may then only be further on than the rows that used it.
    await using credential = await credentialFile(connection);
    const structure = spawnTool(tools.dump, dumpArguments(connection, tools, ["--no-data", ...further]), {
      ...{ fds: [credential.fd], secrets: [connection.password], lowPriority, signal },
    });
    // What a child says when it fails is better than that its pipe broke.
    const fed = pipeline(outputOf(structure), reading.input, { signal }).catch(() => {});
    const stop = () => Promise.all([structure.stop(), reading.stop()]);
    const ended = Promise.all([structure.exited, reading.exited, reading.end, fed]);
    return readDump({
      dump: { output: reading.output, progress: reading.progress, stop },
      ended,
      prove: async ([dump, read, end], stored) => {
        const found = demandRead(read, end, dump);
        if (found.kind !== "done") throw new Error("The process that reads the database answered something else");
        const { result } = found;
        demandWhole({ dump, scan: read }, result.facts, facts);
        demandRanges(result.tables, tables);
        demandCover({ facts: { ...result.facts, sections: null, bytes: result.bytes }, sections: result.sections }, stored);
        const now = await withSession(connection, (session) => columnsOf(session, connection.database), { signal });
        demandSameColumns(columns, now);
        const structured = summarize(connection.database, { facts: result.facts, sections: [] }, facts, notes);
        return { size: result.bytes, summary: withRows(structured, result, began?.snapshot ?? null) };
      },
      idle,
      signal,
    });
  } catch (error) {
    await reading.stop();
    throw signal.aborted ? signal.reason : error;
  }
}

const sayingOf = ({ method, connections, lockMilliseconds }: SharedSnapshot) =>
  `${formatCount(connections, "connection")} ${connections === 1 ? "sees" : "see"} one state of the database: ${
    method === "FLUSH_TABLES" ? "the server's tables were" : "its tables were"
  } locked for writing for ${lockMilliseconds} ms (${method === "FLUSH_TABLES" ? "FLUSH TABLES WITH READ LOCK" : "LOCK TABLES"}).`;
