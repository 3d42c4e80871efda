import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addAbortSignal, Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { Failure } from "../../domain/errors.ts";
import type { MediaSummary } from "../../domain/manifest.ts";
import { noLimits, type SourceLimits, threadsOf } from "../../domain/source-load.ts";
import type { Packing, PartProgress, PartReader, Running } from "../part.ts";
import { inPieces } from "../pieces.ts";
import { spawnTool } from "../process.ts";
import { followPack, type PackJob } from "./pack-report.ts";
import { nameRoots } from "./roots.ts";

interface PackRequest extends Running {
  readonly roots: readonly string[];
  /** Patterns in gitignore's syntax, relative to each root. */
  readonly exclude: readonly string[];
  readonly packing: Packing;
  /** What it may take of the machine; no limits when left out. */
  readonly limits?: SourceLimits;
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
 * Packs media folders into one compressed tar, each below its base name. Nothing is read before `bytes` is. A root that is
 * missing or unreadable rejects with SOURCE_UNAVAILABLE at once; a file that changes, vanishes or cannot be read on the way
 * is listed in the summary's problems, and the archive stays well-formed. Unless it is stored as it is, it is a run of frames
 * that are each whole by themselves, so that a file can be read without what stands before it.
 */
export async function openPack({ roots, exclude, packing, limits = noLimits, signal, say }: PackRequest): Promise<PackReader> {
  signal.throwIfAborted();
  const named = await nameRoots(roots);
  const left = new AbortController();
  const running = AbortSignal.any([signal, left.signal]);
  let progress: PartProgress = { bytes: 0, item: null };
  const outcome = Promise.withResolvers<Packed>();
  // Whoever reads `bytes` meets the same error there, and may never look here.
  outcome.promise.catch(() => {});
  let indexSize = 0;
  const spool = await openSpool();

  async function* stored(): AsyncGenerator<Uint8Array, void> {
    // From the sources it is TypeScript, which Node runs as it is; from the build it is JavaScript.
    const script = fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "./pack-child.ts" : "./pack-child.js", import.meta.url));
    await using tool = spawnTool(process.execPath, [script], {
      stdin: "pipe",
      fds: ["pipe", spool.fd],
      env: { UV_THREADPOOL_SIZE: String(threadsOf(limits)) },
      lowPriority: limits.lowPriority,
      signal: running,
    });
    const { stdin, stdout, reports } = tool;
    if (!stdin || !stdout || !reports[0]) throw new Error("The packing process was started without its pipes");
    const packed = followPack(reports[0], (news) => {
      progress = news;
    }).catch(() => null);
    stdin.end(JSON.stringify({ roots: named, exclude, packing, limits } satisfies PackJob));
    let arrived = 0;
    for await (const piece of inPieces(stdout)) {
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
    const { size, storedSize, indexSize: ofIndex, ...counts } = result;
    if (arrived !== storedSize) throw new Error(`The archive has ${storedSize} bytes, ${arrived} arrived`);
    [progress, indexSize] = [{ ...progress, bytes: size }, ofIndex];
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
  return {
    bytes,
    progress: () => progress,
    done: outcome.promise,
    index: () => ({ size: indexSize, bytes: createReadStream("", { fd: spool, start: 0, autoClose: false, signal }) }),
    async [Symbol.asyncDispose]() {
      bytes.destroy();
      await spool.close();
    },
  };
}

/** A file for the index while the archive is packed; it has no name any more, so nothing of it stays whatever happens. */
async function openSpool(): Promise<FileHandle> {
  const path = join(tmpdir(), `holdfast-index-${randomUUID()}`);
  const handle = await open(path, "wx+", 0o600);
  await unlink(path);
  return handle;
}

const mostLines = 50;
