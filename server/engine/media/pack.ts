import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addAbortSignal, Readable } from "node:stream";
import type { MediaSummary } from "../../domain/manifest.ts";
import type { Packing, PartReader, Running } from "../part.ts";
import { nameRoots } from "./roots.ts";
import { inThread } from "./thread.ts";

interface PackRequest extends Running {
  readonly roots: readonly string[];
  /** Patterns in gitignore's syntax, relative to each root. */
  readonly exclude: readonly string[];
  readonly packing: Packing;
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
export async function openPack({ roots, exclude, packing, signal, say }: PackRequest): Promise<PackReader> {
  signal.throwIfAborted();
  const named = await nameRoots(roots);
  const left = new AbortController();
  const running = AbortSignal.any([signal, left.signal]);
  const progress: { bytes: number; item: string | null } = { bytes: 0, item: null };
  const outcome = Promise.withResolvers<Packed>();
  // Whoever reads `bytes` meets the same error there, and may never look here.
  outcome.promise.catch(() => {});
  let packed: Packed | null = null;
  let indexSize = 0;
  const spool = await openSpool();

  async function* archive(): AsyncGenerator<Uint8Array, void> {
    for await (const news of inThread({ task: "pack", roots: named, exclude, packing, spool: spool.path }, running)) {
      if ("piece" in news) {
        progress.bytes = news.total;
        progress.item = news.item;
        yield news.piece;
      } else if ("packed" in news) {
        const { size, indexSize: ofIndex, ...counts } = news.packed;
        indexSize = ofIndex;
        packed = { size, summary: { roots: named.map(({ path, prefix }) => ({ path, prefix })), ...counts } };
        return;
      }
    }
    throw new Error("The thread that packs media ended before its archive");
  }

  async function* stored(): AsyncGenerator<Uint8Array, void> {
    yield* archive();
    if (!packed || packed.size !== progress.bytes) throw new Error(`The archive has ${packed?.size} bytes, ${progress.bytes} arrived`);
    for (const { path, problem } of packed.summary.problems.slice(0, mostLines)) say("WARN", `${path} ${problem}.`);
    if (packed.summary.problems.length > mostLines) say("WARN", "Further problems are listed in the manifest only.");
    outcome.resolve(packed);
  }

  const bytes = addAbortSignal(signal, Readable.from(stored(), { objectMode: false, highWaterMark: 1024 * 1024 }));
  bytes.once("error", (error) => outcome.reject(signal.aborted ? signal.reason : error));
  bytes.once("close", () => {
    left.abort(new Error("The pack was left before its end"));
    outcome.reject(running.reason);
  });
  return {
    bytes,
    progress: () => progress,
    done: outcome.promise,
    index: () => ({ size: indexSize, bytes: createReadStream("", { fd: spool.handle, start: 0, autoClose: false, signal }) }),
    async [Symbol.asyncDispose]() {
      bytes.destroy();
      await spool[Symbol.asyncDispose]();
    },
  };
}

/** A file for the index while the archive is packed. Its name goes as soon as the thread has opened it too. */
async function openSpool() {
  const path = join(tmpdir(), `holdfast-index-${randomUUID()}`);
  const handle = await open(path, "wx+", 0o600);
  return {
    path,
    handle,
    async [Symbol.asyncDispose]() {
      await handle.close();
      await rm(path, { force: true });
    },
  };
}

const mostLines = 50;
