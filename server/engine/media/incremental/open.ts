import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { formatCount } from "../../../../shared/format.ts";
import { Failure } from "../../../domain/errors.ts";
import type { MediaIndexFile, MediaSummary } from "../../../domain/manifest.ts";
import { noLimits, type SourceLimits, threadsOf } from "../../../domain/source-load.ts";
import { packsOf } from "../../backup-files.ts";
import type { Packing, PartProgress, Running } from "../../part.ts";
import { spawnTool } from "../../process.ts";
import type { StoredBackup } from "../../stored-content.ts";
import type { PackBase } from "../pack-base.ts";
import { readProved } from "../proved.ts";
import { nameRoots } from "../roots.ts";
import { followReports, type IncrementalJob, type IncrementalResult, packsIn } from "./messages.ts";

export interface IncrementalRequest extends Running {
  readonly roots: readonly string[];
  /** Patterns in gitignore's syntax, relative to each root. */
  readonly exclude: readonly string[];
  readonly packing: Packing;
  readonly packs: PackBase;
  readonly limits?: SourceLimits;
  /** Stores one new pack, all of its bytes; called for one at a time. */
  storePack(bytes: AsyncIterable<Uint8Array>): Promise<MediaIndexFile>;
  observe(progress: PartProgress): void;
}

/** Media whose new content is in packs on the storage: what is left is to store the list, and to tell of it in the manifest. */
export interface Incremental extends AsyncDisposable {
  /** Of the tar that the list's entries make. */
  readonly size: number;
  readonly summary: MediaSummary;
  /** The list as it is to be stored. */
  list(): Readable;
}

/**
 * Takes an incremental backup of media folders: what the earlier backup holds is not stored again, and files that are
 * unchanged by size, times and inode are not even opened. Fails as `openPack` does; what was stored by then stays to be
 * removed.
 */
export async function openIncremental(request: IncrementalRequest): Promise<Incremental> {
  const { packing, exclude, limits = noLimits, packs, say } = request;
  request.signal.throwIfAborted();
  const named = await nameRoots(request.roots);
  const list = await openSpool();
  try {
    await using before = packs.previous ? await listOf(packs.previous, request.signal) : null;
    const job = { roots: named, exclude, packing, limits, previous: before?.job ?? null };
    const { result, brought } = await run(request, job, [list.fd, ...(before ? [before.spool.fd] : [])]);
    const { tarSize, listSize: _, packNumbers, unchanged, ...counts } = result;
    const earlier = before?.files ?? [];
    const files = packNumbers.map((number) => earlier[number] ?? brought[number - earlier.length]).filter((file) => file !== undefined);
    const addedSize = brought.reduce((sum, { storedSize }) => sum + storedSize, 0);
    const roots = named.map(({ path, prefix }) => ({ path, prefix }));
    const summary = { ...counts, roots, packs: { folder: packs.folder, files, addedSize } };
    tellOf(summary, unchanged, say);
    return {
      size: tarSize,
      summary,
      list: () => createReadStream("", { fd: list, start: 0, autoClose: false, signal: request.signal }),
      [Symbol.asyncDispose]: () => list.close(),
    };
  } catch (error) {
    await list.close();
    throw error;
  }
}

/** Runs the child to its end, and stores the packs that it gives. */
async function run(request: IncrementalRequest, job: IncrementalJob, spools: readonly number[]) {
  const left = new AbortController();
  const signal = AbortSignal.any([request.signal, left.signal]);
  // From the sources it is TypeScript, which Node runs as it is; from the build it is JavaScript.
  const script = fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "./child.ts" : "./child.js", import.meta.url));
  const { lowPriority } = job.limits;
  await using tool = spawnTool(process.execPath, [script], {
    ...{ stdin: "pipe", fds: ["pipe", ...spools], signal, lowPriority },
    env: { UV_THREADPOOL_SIZE: String(Math.max(threadsOf(job.limits), 2)) },
  });
  const { stdin, stdout, reports } = tool;
  if (!stdin || !stdout || !reports[0]) throw new Error("The packing process was started without its pipes");
  const reported = followReports(reports[0], request.observe).catch(() => null);
  stdin.end(JSON.stringify(job));
  const ended = async (): Promise<Error> => {
    const exit = await tool.exited;
    if (request.signal.aborted) return request.signal.reason;
    return new Failure(
      "INTERNAL",
      `The process that packs media ended with ${exit.signal ?? `exit status ${exit.code}`}. ${exit.stderr}`.trim(),
    );
  };
  const brought: MediaIndexFile[] = [];
  for await (const bytes of packsIn(stdout as AsyncIterable<Uint8Array>, ended)) brought.push(await request.storePack(bytes));
  const [result, exit] = await Promise.all([reported, tool.exited]);
  request.signal.throwIfAborted();
  if (!result || exit.code !== 0) throw await ended();
  return { result, brought };
}

/** The earlier backup's list in a file of its own, proved, and its packs as they are stored. */
async function listOf(previous: StoredBackup, signal: AbortSignal) {
  const { storage, folder, manifest } = previous;
  const artifact = manifest.artifacts.find(({ part }) => part === "media");
  const files = (previous.stored?.manifest ?? manifest).media?.packs?.files;
  if (!artifact || !files) throw new Error("The earlier backup is not an incremental one");
  const spool = await openSpool();
  try {
    for await (const piece of readProved(storage, folder, artifact, signal)) await spool.appendFile(piece);
    const packSizes = packsOf(manifest).map(({ storedSize }) => storedSize);
    const job = { compression: manifest.compression, packSizes };
    return { job, files, spool, [Symbol.asyncDispose]: () => spool.close() };
  } catch (error) {
    await spool.close();
    throw error;
  }
}

function tellOf({ files, problems }: MediaSummary, unchanged: number, say: Running["say"]): void {
  say("INFO", `${formatCount(files, "file")}, of which ${unchanged.toLocaleString("en-US")} are unchanged since the backup before.`);
  for (const { path, problem } of problems.slice(0, mostLines)) say("WARN", `${path} ${problem}.`);
  if (problems.length > mostLines) say("WARN", "Further problems are listed in the manifest only.");
}
const mostLines = 50;

/** A file without a name, so nothing of it stays whatever happens. */
async function openSpool(): Promise<FileHandle> {
  const path = join(tmpdir(), `holdfast-list-${randomUUID()}`);
  const handle = await open(path, "wx+", 0o600);
  await unlink(path);
  return handle;
}

export type { IncrementalResult };
