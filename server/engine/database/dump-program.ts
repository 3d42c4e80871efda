import type { DatabaseSummary } from "../../domain/manifest.ts";
import { noLimits } from "../../domain/source-load.ts";
import type { PartReader } from "../part.ts";
import { demandCover, demandWhole, summarize } from "./dump-gate.ts";
import { idleMilliseconds, startPipeline } from "./dump-pipeline.ts";
import { readDump } from "./dump-reader.ts";
import type { DumpRequest, Outlook } from "./dump-request.ts";

/** A dump by the dump program (MYSQLDUMP): one connection reads it all. */
export async function openProgramDump(
  request: DumpRequest,
  { facts, notes, further, binlog }: Outlook,
): Promise<PartReader<DatabaseSummary>> {
  const { connection, tools, packing, limits, signal, idle = idleMilliseconds } = request;
  const pipeline = await startPipeline({
    connection,
    tools,
    packing,
    further: [...further, ...binlog],
    limits: limits ?? noLimits,
    signal,
  });
  return readDump({
    dump: { output: pipeline.output, progress: pipeline.report.progress, stop: pipeline.stop },
    ended: Promise.all([pipeline.exits, pipeline.report.result]),
    prove: async ([exits, result], stored) => {
      demandWhole(exits, result?.facts, facts);
      demandCover(result, stored);
      return { size: result.facts.bytes, summary: summarize(connection.database, result, facts, notes) };
    },
    idle,
    signal,
  });
}
