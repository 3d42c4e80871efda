import { addAbortSignal, Readable } from "node:stream";
import type { MediaSummary } from "../../domain/manifest.ts";
import { compressor } from "../codec/compress.ts";
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

/**
 * Packs media folders into one compressed tar, each below its base name. Nothing is read before `bytes` is. A root that is
 * missing or unreadable rejects with SOURCE_UNAVAILABLE at once; a file that changes, vanishes or cannot be read on the way
 * is listed in the summary's problems, and the archive stays well-formed.
 */
export async function openPack({ roots, exclude, packing, signal, say }: PackRequest): Promise<PartReader<MediaSummary>> {
  signal.throwIfAborted();
  const named = await nameRoots(roots);
  const left = new AbortController();
  const running = AbortSignal.any([signal, left.signal]);
  const progress: { bytes: number; item: string | null } = { bytes: 0, item: null };
  const outcome = Promise.withResolvers<Packed>();
  // Whoever reads `bytes` meets the same error there, and may never look here.
  outcome.promise.catch(() => {});
  let packed: Packed | null = null;

  async function* archive(): AsyncGenerator<Uint8Array, void> {
    for await (const news of inThread({ task: "pack", roots: named, exclude, reuse: packing.compression !== "NONE" }, running)) {
      if ("piece" in news) {
        progress.bytes = news.total;
        progress.item = news.item;
        yield news.piece;
      } else if ("packed" in news) {
        const { size, ...counts } = news.packed;
        packed = { size, summary: { roots: named.map(({ path, prefix }) => ({ path, prefix })), ...counts } };
        return;
      }
    }
    throw new Error("The thread that packs media ended before its archive");
  }

  async function* stored(): AsyncGenerator<Uint8Array, void> {
    yield* compressor(packing, running)(archive());
    if (!packed || packed.size !== progress.bytes) throw new Error(`The archive has ${packed?.size} bytes, ${progress.bytes} arrived`);
    for (const { path, problem } of packed.summary.problems.slice(0, mostLines)) say("WARN", `${path} ${problem}.`);
    if (packed.summary.problems.length > mostLines) say("WARN", "Further problems are listed in the manifest only.");
    outcome.resolve(packed);
  }

  const bytes = addAbortSignal(signal, Readable.from(stored(), { objectMode: false, highWaterMark: 512 * 1024 }));
  bytes.once("error", (error) => outcome.reject(signal.aborted ? signal.reason : error));
  bytes.once("close", () => {
    left.abort(new Error("The pack was left before its end"));
    outcome.reject(running.reason);
  });
  return { bytes, progress: () => progress, done: outcome.promise };
}

const mostLines = 50;
