import { Transform, type TransformCallback } from "node:stream";
import { pipeline } from "node:stream/promises";
import { extract, type Header } from "tar-stream";
import { Failure } from "../../domain/errors.ts";
import { errnoOf } from "../storage/disk.ts";
import { damaged, unsafe } from "./names.ts";

/** An entry as it stands in the archive, of a kind that may be restored. `body` is to be read to its end, or left. */
export interface TarEntry {
  readonly name: string;
  readonly kind: "file" | "directory" | "link" | "hardlink";
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds. */
  readonly mtime: number;
  /** What a link names; "" for others. */
  readonly target: string;
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * The entries of a tar, in order. A tar that was cut, even between two entries, or that is none, is ARTIFACT_CORRUPT;
 * an entry that is no file, folder or link is ARTIFACT_UNSAFE.
 */
export async function* untar(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<TarEntry, void> {
  const [end, extractor] = [new TarEnd(), extract()];
  const read = pipeline(bytes, end, extractor, { signal });
  // The loop meets the same error; what it throws decides.
  const failure = read.then(
    () => null,
    (error: unknown) => error,
  );
  /** An error of ours as it is; else what ended the reading, which is the archive's own fault. */
  const explained = async (error: unknown) => {
    signal.throwIfAborted();
    const cause = error instanceof Failure ? error : ((await failure) ?? error);
    // A storage that fails to read says so itself: that is no damage.
    if (cause instanceof Failure || errnoOf(cause)) return cause;
    return damaged(cause instanceof Error ? cause.message : "it cannot be read", cause);
  };
  async function* bodyOf(stream: AsyncIterable<Uint8Array>) {
    try {
      yield* stream;
    } catch (error) {
      throw await explained(error);
    }
  }
  let lastByte = 0;
  try {
    // Its types hide that its streams are iterable.
    for await (const stream of extractor) {
      const entry = readHeader(stream.header, bodyOf(stream as unknown as AsyncIterable<Uint8Array>));
      lastByte = offsetOf(stream.header) + Math.ceil(entry.size / 512) * 512;
      yield entry;
    }
    await read;
  } catch (error) {
    throw await explained(error);
  } finally {
    extractor.destroy();
  }
  if (!end.isRight(lastByte)) throw damaged("it ends before its end mark");
}

function readHeader(header: Header, body: AsyncIterable<Uint8Array>): TarEntry {
  const pax = "pax" in header && header.pax ? (header.pax as Readonly<Record<string, string>>) : {};
  const kind = kinds[header.type ?? ""];
  if (!kind) throw unsafe(header.name, "is neither a file, a folder nor a link");
  if (Object.keys(pax).some((key) => key.startsWith("GNU.sparse.")))
    throw unsafe(header.name, "is a sparse file in a form that only GNU tar reads");
  const exact = (key: string, plain: number) => (pax[key] !== undefined && Number.isFinite(Number(pax[key])) ? Number(pax[key]) : plain);
  return {
    name: header.name,
    kind,
    size: header.size ?? 0,
    mode: (header.mode ?? 0) & 0o7777,
    uid: exact("uid", header.uid ?? 0),
    gid: exact("gid", header.gid ?? 0),
    mtime: exact("mtime", (header.mtime?.getTime() ?? 0) / 1000),
    target: header.linkname ?? "",
    body,
  };
}

const kinds: Readonly<Record<string, TarEntry["kind"]>> = {
  file: "file",
  "contiguous-file": "file",
  directory: "directory",
  symlink: "link",
  link: "hardlink",
};

/** Where the entry's body begins in the archive. */
const offsetOf = (header: Header) => ("byteOffset" in header ? Number(header.byteOffset) : 0);

/** tar-stream takes a tar that stops between two entries for whole: this looks for the two empty blocks at its end. */
class TarEnd extends Transform {
  #bytes = 0;
  #zeros = 0;

  isRight(lastByte: number): boolean {
    const rest = this.#bytes - lastByte;
    return rest >= 1024 && this.#zeros >= rest;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#bytes += chunk.length;
    let at = chunk.length;
    while (at > 0 && chunk[at - 1] === 0) at -= 1;
    this.#zeros = at === 0 ? this.#zeros + chunk.length : chunk.length - at;
    done(null, chunk);
  }
}
