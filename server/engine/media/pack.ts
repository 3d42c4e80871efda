import { createReadStream } from "node:fs";
import { addAbortSignal, Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { Failure } from "../../domain/errors.ts";
import type { MediaSummary } from "../../domain/manifest.ts";
import { noLimits, type SourceLimits, threadsOf } from "../../domain/source-load.ts";
import { sealFileKeyAsText } from "../codec/age-header.ts";
import type { Packing, PartProgress, PartReader, Running } from "../part.ts";
import { inPieces, keptOutput } from "../pieces.ts";
import { spawnTool } from "../process.ts";
import { followPack, type PackJob, type PackResult } from "./pack-report.ts";
import { nameRoots } from "./roots.ts";
import { openSpool } from "./spool.ts";

interface PackRequest extends Running {
  readonly roots: readonly string[];
  /** Patterns in gitignore's syntax, relative to each root. */
  readonly exclude: readonly string[];
  readonly packing: Packing;
  /** What it may take of the machine; no limits when left out. */
  readonly limits?: SourceLimits;
  /** To whom the archive is encrypted on its way; to nobody when left out. */
  readonly recipients?: readonly string[] | null;
}

interface Packed {
  readonly size: number;
  readonly summary: MediaSummary;
}

/** An archive being packed, and its index, which is there when `done` resolved. To be disposed of in any case. */
export interface PackReader extends PartReader<MediaSummary>, AsyncDisposable {
  /** The index as it is to be stored; `summary.index` is null until it is. */
  index(): { readonly size: number; readonly bytes: Readable };
}

/**
 * Packs media folders into one compressed tar, each below its base name. It begins at once, and goes on as `bytes` are read. A
 * root that is missing or unreadable rejects with SOURCE_UNAVAILABLE; a file that changes, vanishes or cannot be read on the way
 * is listed in the summary's problems, and the archive stays well-formed. Unless it is stored as it is, it is a run of frames
 * that are each whole by themselves, so that a file can be read without what stands before it.
 *
 * The packing process encrypts, too: the bytes are at hand there, and a thread of this process would copy each of them twice more.
 */
export async function openPack(request: PackRequest): Promise<PackReader> {
  const { roots, exclude, packing, limits = noLimits, recipients, signal, say } = request;
  signal.throwIfAborted();
  const named = await nameRoots(roots);
  const left = new AbortController();
  const running = AbortSignal.any([signal, left.signal]);
  let progress: PartProgress = { bytes: 0, item: null };
  const outcome = Promise.withResolvers<Packed>();
  let found: Pick<PackResult, "inside" | "indexSize"> = { inside: null, indexSize: 0 };
  // Whoever reads `bytes` meets the same error there, and may never look here.
  outcome.promise.catch(() => {});
  await using opened = new AsyncDisposableStack();
  const spool = opened.use(await openSpool());
  const tool = opened.use(startPacking(spool.fd, limits, running));
  const tellJob = async () => {
    const key = recipients ? await sealFileKeyAsText(recipients) : null;
    tool.stdin.end(JSON.stringify({ roots: named, exclude, packing, limits, key } satisfies PackJob));
  };
  tellJob().catch((error: unknown) => left.abort(error));
  const packed = followPack(tool.report, (news) => {
    progress = news;
  }).catch(() => null);

  async function* stored(): AsyncGenerator<Uint8Array, void> {
    let arrived = 0;
    for await (const piece of inPieces(tool.stdout)) {
      arrived += piece.length;
      yield piece;
    }
    const [result, exit] = await Promise.all([packed, tool.exited]);
    running.throwIfAborted();
    if (!result || exit.code !== 0)
      throw new Failure(
        "INTERNAL",
        `The process that packs media ended with ${exit.signal ?? `exit status ${exit.code}`}. ${exit.stderr}`.trim(),
      );
    const { size, storedSize, inside, indexSize, ...counts } = result;
    if (arrived !== storedSize) throw new Error(`The archive has ${storedSize} bytes, ${arrived} arrived`);
    progress = { ...progress, bytes: size };
    found = { inside, indexSize };
    const summary = { roots: named.map(({ path, prefix }) => ({ path, prefix })), ...counts };
    for (const { path, problem } of summary.problems.slice(0, mostLines)) say("WARN", `${path} ${problem}.`);
    if (summary.problems.length > mostLines) say("WARN", "Further problems are listed in the manifest only.");
    outcome.resolve({ size, summary });
  }

  const bytes = addAbortSignal(signal, Readable.from(stored(), { highWaterMark: 1 }));
  bytes.once("error", (error) => outcome.reject(signal.aborted ? signal.reason : error));
  bytes.once("close", () => {
    left.abort(new Error("The pack was left before its end"));
    outcome.reject(running.reason);
  });
  const owned = opened.move();
  return {
    bytes,
    progress: () => progress,
    done: outcome.promise,
    inside: () => found.inside,
    index: () => ({ size: found.indexSize, bytes: createReadStream("", { fd: spool, start: 0, autoClose: false, signal }) }),
    async [Symbol.asyncDispose]() {
      bytes.destroy();
      await owned.disposeAsync();
    },
  };
}

/** Starts the packing process, which waits to be told its job. */
function startPacking(spool: number, limits: SourceLimits, signal: AbortSignal) {
  // From the sources it is TypeScript, which Node runs as it is; from the build it is JavaScript.
  const script = fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "./pack-child.ts" : "./pack-child.js", import.meta.url));
  const tool = spawnTool(process.execPath, [script], {
    stdin: "pipe",
    fds: ["pipe", spool],
    env: { UV_THREADPOOL_SIZE: String(threadsOf(limits)) },
    lowPriority: limits.lowPriority,
    signal,
  });
  const [{ stdin, stdout }, [report]] = [tool, tool.reports];
  if (!stdin || !stdout || !report) throw new Error("The packing process was started without its pipes");
  return { ...tool, stdin, stdout: keptOutput(stdout), report };
}

const mostLines = 50;
