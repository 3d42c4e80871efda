import { extname } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Connection } from "../../domain/connection.ts";
import type { DatabaseSummary } from "../../domain/manifest.ts";
import { compressor } from "../codec/compress.ts";
import type { ClientTools, Packing, PartReader, Running } from "../part.ts";
import { findProgram, spawnTool, type Tool } from "../process.ts";
import { type BrokenView, brokenViewNote, setBrokenViewsAside, withoutViews } from "./broken-views.ts";
import { type Session, select, withSession } from "./client.ts";
import { credentialFile, credentialOption } from "./credential.ts";
import { demandWhole, summarize } from "./dump-gate.ts";
import { type DumpReport, followReport } from "./dump-report.ts";
import { type DatabaseFacts, inspectSchema } from "./inspect.ts";
import { lackOf, missingForDump } from "./privileges.ts";

export interface DumpRequest extends Running {
  readonly connection: Connection;
  readonly tools: ClientTools;
  readonly packing: Packing;
}

/**
 * A consistent, non-locking dump of a whole database, compressed. An account that would dump only a part is refused
 * beforehand with the GRANT that mends it. `bytes` end only when the dump is proved whole: every child ended well, the
 * trailer is there, and all tables, views, triggers, routines and events that the server had named are in it.
 */
export async function openDump(request: DumpRequest): Promise<PartReader<DatabaseSummary>> {
  const { connection, say, signal } = request;
  signal.throwIfAborted();
  const { facts, notes, aside } = await withSession(connection, (session) => look(session, connection.database), { signal });
  for (const note of notes) say("WARN", note);
  const pipeline = await startPipeline(request, withoutViews(connection.database, aside));
  const done = Promise.withResolvers<{ size: number; summary: DatabaseSummary }>();
  done.promise.catch(() => {});
  const stop = () => Promise.all(pipeline.children.map((child) => child.stop()));

  async function* gated(): AsyncGenerator<Uint8Array> {
    try {
      yield* pipeline.output;
      const size = await settle(pipeline, facts, signal);
      done.resolve({ size: size.bytes, summary: summarize(connection.database, size, facts, notes) });
    } catch (error) {
      done.reject(signal.aborted ? signal.reason : error);
      throw signal.aborted ? signal.reason : error;
    } finally {
      await stop();
    }
  }
  const bytes = Readable.from(gated(), { objectMode: false });
  // Whoever reads meets the error; before anybody does, it must not count as uncaught.
  bytes.on("error", () => {});
  // A reader that goes away early ends the dump as well.
  bytes.once("close", () => {
    done.reject(signal.aborted ? signal.reason : (bytes.errored ?? new Error("The dump was not read to its end")));
    void stop();
  });
  const onAbort = () => bytes.destroy(signal.reason instanceof Error ? signal.reason : new Error("The dump was cancelled"));
  signal.addEventListener("abort", onAbort, { once: true });
  bytes.once("close", () => signal.removeEventListener("abort", onAbort));
  return { bytes, progress: pipeline.report.progress, done: done.promise };
}

/** What the database holds, and what a reader of the backup should know about it. */
async function look(session: Session, database: string): Promise<{ facts: DatabaseFacts; notes: string[]; aside: BrokenView[] }> {
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
  return { facts, notes, aside };
}

interface Pipeline {
  readonly children: readonly Tool[];
  readonly dump: Tool;
  readonly scan: Tool;
  readonly compress: Tool | null;
  readonly report: DumpReport;
  readonly output: AsyncIterable<Uint8Array>;
}

/** Dump program, scanner and compressor, each handed the other's pipe: none of the raw bytes pass through this process, save for gzip. */
async function startPipeline({ connection, tools, packing, signal }: DumpRequest, further: readonly string[]): Promise<Pipeline> {
  const children: Tool[] = [];
  const start = (...args: Parameters<typeof spawnTool>) => {
    const tool = spawnTool(...args);
    children.push(tool);
    return tool;
  };
  await using credential = await credentialFile(connection);
  try {
    const [program, ...args] = [...wideOutput(), tools.dump, ...dumpArguments(connection, tools, further)];
    const dump = start(program ?? tools.dump, args, { fds: [credential.fd], secrets: [connection.password], signal });
    const script = fileURLToPath(new URL(`./dump-scan-child${extname(import.meta.url)}`, import.meta.url));
    const scan = start(process.execPath, ["--max-semi-space-size=1", script, tools.flavour === "mariadb" ? "row-per-line" : "any"], {
      stdin: outputOf(dump),
      fds: ["pipe"],
      signal,
    });
    const [reports] = scan.reports;
    if (!reports) throw new Error("The scanner was started without its report");
    const compress =
      packing.compression === "ZSTD" ? start("zstd", ["-q", "-T0", `-${packing.level}`, "-c"], { stdin: outputOf(scan), signal }) : null;
    const output = compress ? outputOf(compress) : compressor(packing, signal)(outputOf(scan));
    return { children, dump, scan, compress, report: followReport(reports), output };
  } catch (error) {
    await Promise.all(children.map((child) => child.stop()));
    throw error;
  }
}

function outputOf(tool: Tool): Readable {
  if (!tool.stdout) throw new Error("A child was started without its output");
  return tool.stdout;
}

/** The dump program writes 4 KiB at a time; wider is some 10 % faster. Wider than the pipe would make it wait for its reader each time. */
function wideOutput(): string[] {
  const stdbuf = process.platform === "linux" ? findProgram("stdbuf") : null;
  return stdbuf ? [stdbuf, "-o64K"] : [];
}

/** The options of a dump that stock tools restore: `zstd -dc database.sql.zst | mariadb shop`. */
export const dumpArguments = (connection: Connection, tools: ClientTools, further: readonly string[] = []) => [
  credentialOption,
  ...(connection.tls ? tools.tlsOptions : tools.plainOptions),
  ...tools.dumpOptions,
  ...["--single-transaction", "--skip-lock-tables", "--quick", "--routines", "--triggers", "--events", "--hex-blob"],
  ...["--default-character-set=utf8mb4", "--max-allowed-packet=1G"],
  ...further,
  // A name that begins with a dash is no option behind this.
  "--",
  connection.database,
];

async function settle({ dump, scan, compress, report }: Pipeline, expected: DatabaseFacts, signal: AbortSignal) {
  const [dumped, scanned, compressed, facts] = await Promise.all([dump.exited, scan.exited, compress?.exited ?? null, report.facts]);
  signal.throwIfAborted();
  demandWhole({ dump: dumped, scan: scanned, compress: compressed }, facts, expected);
  return facts;
}
