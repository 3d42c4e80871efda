import type { FileHandle } from "node:fs/promises";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { Failure } from "../../../domain/errors.ts";
import type { MediaIndexFile } from "../../../domain/manifest.ts";
import { noLimits, type SourceLimits, threadsOf } from "../../../domain/source-load.ts";
import { packsOf } from "../../backup-files.ts";
import { type KeyText, sealFileKeyAsText } from "../../codec/age-header.ts";
import type { Packing, PartProgress, Running } from "../../part.ts";
import { spawnTool, type Tool } from "../../process.ts";
import type { StoredBackup } from "../../stored-content.ts";
import type { PackBase } from "../pack-base.ts";
import { readProved } from "../proved.ts";
import type { NamedRoot } from "../roots.ts";
import { openSpool } from "../spool.ts";
import { type ArrivingPack, followReports, type IncrementalJob, type IncrementalResult, packsIn } from "./messages.ts";

export interface IncrementalRequest extends Running {
  readonly roots: readonly string[];
  /** Patterns in gitignore's syntax, relative to each root. */
  readonly exclude: readonly string[];
  readonly packing: Packing;
  readonly packs: PackBase;
  readonly limits?: SourceLimits;
  /** To whom packs are encrypted; null: to nobody. */
  readonly recipients: readonly string[] | null;
  /** Stores one new pack, all of its bytes; called for one more before the last one has settled. */
  storePack(pack: ArrivingPack, signal: AbortSignal): Promise<MediaIndexFile>;
  observe(progress: PartProgress): void;
}

interface Ran {
  readonly result: IncrementalResult;
  /** The packs of the backup before, by their numbers, and behind those the new ones. */
  readonly earlier: readonly MediaIndexFile[];
  readonly brought: readonly MediaIndexFile[];
}

/** The first descriptor behind those that the child always has. */
const firstLane = 6;
/** One seals a pack while the storage makes sure of the one before. */
const mostLanes = 2;

/** Runs the child to its end, and stores the packs that it gives. It starts while the list to build on is still being read. */
export async function runChild(request: IncrementalRequest, roots: readonly NamedRoot[], listFd: number): Promise<Ran> {
  const { packing, exclude, recipients, limits = noLimits, packs } = request;
  const left = new AbortController();
  const signal = AbortSignal.any([request.signal, left.signal]);
  // From the sources it is TypeScript, which Node runs as it is; from the build it is JavaScript.
  const script = fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "./child.ts" : "./child.js", import.meta.url));
  const threads = threadsOf(limits);
  const lanes = Array.from({ length: Math.min(threads, mostLanes) }, (_, index) => firstLane + index);
  await using spool = await openSpool();
  await using tool = spawnTool(process.execPath, [script], {
    ...{ stdin: "pipe", stdout: "ignore", fds: ["pipe", listFd, spool.fd, ...lanes.map(() => "pipe" as const)], signal },
    ...{ lowPriority: limits.lowPriority, env: { UV_THREADPOOL_SIZE: String(Math.max(threads, 2)) } },
  });
  const [reports, ...arriving] = tool.reports;
  if (!tool.stdin || !reports) throw new Error("The packing process was started without its pipes");
  const { stdin } = tool;
  const tell = (line: IncrementalJob | KeyText) => void stdin.write(`${JSON.stringify(line)}\n`);
  const giveKey = async () => {
    try {
      tell(await sealFileKeyAsText(recipients ?? []));
    } catch (error) {
      left.abort(error);
    }
  };
  const reported = followReports(reports, { observe: request.observe, giveKey }).catch(() => null);
  const previous = packs.previous && (await listOf(packs.previous, spool, signal));
  tell({ roots, exclude, packing, limits, lanes, encrypted: recipients !== null, previous: previous?.job ?? null });

  const ended = () => whyEnded(tool, request.signal);
  const earlier = previous?.files ?? [];
  const brought: MediaIndexFile[] = [];
  const storing = arriving.map(async (lane: Readable) => {
    try {
      for await (const pack of packsIn(lane, ended)) {
        const stored = await request.storePack(pack, signal);
        brought[pack.sealed().number - earlier.length] = stored;
      }
    } catch (error) {
      // The other lane ends too, and before this returns: nothing is stored once it has.
      left.abort(error);
    }
  });
  await Promise.all(storing);
  signal.throwIfAborted();
  const [result, exit] = await Promise.all([reported, tool.exited]);
  request.signal.throwIfAborted();
  if (!result || exit.code !== 0) throw await ended();
  return { result, brought, earlier };
}

async function whyEnded(tool: Tool, signal: AbortSignal): Promise<Error> {
  const exit = await tool.exited;
  if (signal.aborted) return signal.reason;
  return new Failure(
    "INTERNAL",
    `The process that packs media ended with ${exit.signal ?? `exit status ${exit.code}`}. ${exit.stderr}`.trim(),
  );
}

/** Puts the earlier backup's list into the file, proved; what the child has to know of it, and its packs as they are stored. */
async function listOf({ storage, folder, manifest, stored }: StoredBackup, spool: FileHandle, signal: AbortSignal) {
  const artifact = manifest.artifacts.find(({ part }) => part === "media");
  const files = (stored?.manifest ?? manifest).media?.packs?.files;
  if (!artifact || !files) throw new Error("The earlier backup is not an incremental one");
  for await (const piece of readProved(storage, folder, artifact, signal)) await spool.appendFile(piece);
  const packSizes = packsOf(manifest).map(({ storedSize }) => storedSize);
  return { job: { compression: manifest.compression, packSizes }, files };
}
