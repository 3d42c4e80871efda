import { extname } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Connection } from "../../domain/connection.ts";
import { Failure } from "../../domain/errors.ts";
import { noLimits, type SourceLimits } from "../../domain/source-load.ts";
import type { ClientTools, Packing } from "../part.ts";
import { findProgram, spawnTool, type Tool, type ToolExit } from "../process.ts";
import { credentialFile, credentialOption } from "./credential.ts";
import { type DumpReport, followReport } from "./dump-report.ts";
import { framesAtOnce } from "./frame-writer.ts";

export interface PipelineRequest {
  readonly connection: Connection;
  readonly tools: ClientTools;
  /** How the frames are compressed; null where only the report is wanted and the dump itself is thrown away. */
  readonly packing: Packing | null;
  /** Further options of the dump program. */
  readonly further: readonly string[];
  /** The tables to dump; all of the database for null or when left out. */
  readonly only?: readonly string[] | null;
  /** What it may take of the server and of this machine; no limits when left out. */
  readonly limits?: SourceLimits;
  readonly signal: AbortSignal;
}

/** A running dump. Whoever has it ends it by `stop`, also after its end. */
export interface DumpPipeline {
  readonly report: DumpReport;
  /** The compressed frames. */
  readonly output: Readable;
  readonly exits: Promise<{ readonly dump: ToolExit; readonly scan: ToolExit }>;
  stop(): Promise<unknown>;
}

/** Dump program and scanner, which compresses too; the one is handed the other's pipe, so that no raw byte passes through this process. */
export async function startPipeline({
  connection,
  tools,
  packing,
  further,
  only,
  limits = noLimits,
  signal,
}: PipelineRequest): Promise<DumpPipeline> {
  const { threads, lowPriority, bytesPerSecond } = limits;
  const children: Tool[] = [];
  const start = (...args: Parameters<typeof spawnTool>) => {
    const tool = spawnTool(...args);
    children.push(tool);
    return tool;
  };
  const stop = () => Promise.all(children.map((child) => child.stop()));
  await using credential = await credentialFile(connection);
  try {
    const [program, ...args] = [...wideOutput(), tools.dump, ...dumpArguments(connection, tools, further, only ?? [])];
    const dump = start(program ?? tools.dump, args, { fds: [credential.fd], secrets: [connection.password], lowPriority, signal });
    const form = tools.flavour === "mariadb" ? "row-per-line" : "any";
    const frames = packing ? [packing.compression, String(packing.level)] : [];
    const scan = start(
      process.execPath,
      ["--max-semi-space-size=1", script("./dump-scan-child"), form, String(bytesPerSecond ?? 0), ...frames],
      {
        stdin: outputOf(dump),
        fds: ["pipe"],
        // The compressors' threads, and one that writes; no more than may be in all.
        env: { UV_THREADPOOL_SIZE: String(Math.min(threads ?? framesAtOnce + 1, framesAtOnce + 1)) },
        lowPriority,
        signal,
      },
    );
    const [reports] = scan.reports;
    if (!reports) throw new Error("The scanner was started without its report");
    const exits = Promise.all([dump.exited, scan.exited]).then(([dumped, scanned]) => ({ dump: dumped, scan: scanned }));
    return { report: followReport(reports), output: outputOf(scan), exits, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The path of a child's script beside this file, whether it is the source or compiled. */
export const script = (name: string) => fileURLToPath(new URL(`${name}${extname(import.meta.url)}`, import.meta.url));

export function outputOf(tool: Tool): Readable {
  if (!tool.stdout) throw new Error("A child was started without its output");
  return tool.stdout;
}

/** The dump program writes 4 KiB at a time; wider is some 10 % faster. Wider than the pipe would make it wait for its reader each time. */
function wideOutput(): string[] {
  const stdbuf = process.platform === "linux" ? findProgram("stdbuf") : null;
  return stdbuf ? [stdbuf, "-o64K"] : [];
}

/** The options of a dump that stock tools restore: `zstd -dc database.sql.zst | mariadb shop`. */
export const dumpArguments = (
  connection: Connection,
  tools: ClientTools,
  further: readonly string[] = [],
  only: readonly string[] = [],
) => [
  credentialOption,
  ...(connection.tls ? tools.tlsOptions : tools.plainOptions),
  ...tools.dumpOptions,
  ...["--single-transaction", "--skip-lock-tables", "--quick", "--routines", "--triggers", "--events", "--hex-blob"],
  ...["--default-character-set=utf8mb4", "--max-allowed-packet=1G"],
  ...further,
  // A name that begins with a dash is no option behind this.
  "--",
  connection.database,
  ...only,
];

/** Where a dump hangs: nothing more came of it for so long while it was waited for. */
export const stalled = (milliseconds: number) =>
  new Failure(
    "DUMP_FAILED",
    `The dump stood still for ${Math.round(milliseconds / 1000)} seconds, so it was ended.`,
    "Check whether the database server hangs or another connection holds a lock on a table, and take the backup again.",
    { reason: "DUMP_STALLED" },
  );

/** How long a dump may stand still by itself. */
export const idleMilliseconds = 120_000;

/**
 * The output, while `progress` goes on: it throws DUMP_STALLED when neither a byte comes out nor `progress` changes for
 * `idle` milliseconds. Time in which nobody asks for the next piece does not count.
 */
export async function* unlessStalled(output: AsyncIterable<Buffer>, progress: () => number, idle: number): AsyncGenerator<Buffer> {
  const iterator = output[Symbol.asyncIterator]();
  try {
    for (;;) {
      const step = await lively(iterator.next(), progress, idle);
      if (step.done) return;
      yield step.value;
    }
  } finally {
    // Not awaited: what hangs would hang its end too.
    iterator.return?.().catch(() => {});
  }
}

/** What `work` gives; rejects with DUMP_STALLED when `progress` stays the same for `idle` milliseconds. */
export async function lively<T>(work: Promise<T>, progress: () => number, idle: number): Promise<T> {
  const hung = Promise.withResolvers<never>();
  let [seen, since] = [progress(), performance.now()];
  const timer = setInterval(
    () => {
      const now = progress();
      if (now !== seen) [seen, since] = [now, performance.now()];
      else if (performance.now() - since >= idle) hung.reject(stalled(idle));
    },
    Math.min(1000, idle / 4),
  );
  try {
    return await Promise.race([work, hung.promise]);
  } finally {
    clearInterval(timer);
  }
}
