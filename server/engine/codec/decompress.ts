import type { Duplex, Writable } from "node:stream";
import { createGunzip } from "node:zlib";
import type { Compression } from "../../../shared/enums.ts";
import { Failure } from "../../domain/errors.ts";
import { abortable, orAbort } from "../abortable.ts";
import { letGo } from "../handed-over.ts";
import { findProgram, spawnTool } from "../process.ts";

/** A step of a `pipeline()`: takes bytes, gives bytes; its output ends only after its success is certain. */
export type Codec = (source: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;

/** Undoes `packFrame`, frame after frame. Memory is flat; a child that it needs ends with the step, whatever the reason. A stream that was cut, altered or appended to rejects with ARTIFACT_CORRUPT. */
export function decompressor(compression: Compression, signal: AbortSignal): Codec {
  switch (compression) {
    case "NONE":
      return passThrough;
    case "GZIP":
      return (source) => gunzip(source, signal);
    case "ZSTD":
      return (source) => throughZstd(source, signal);
    default:
      throw compression satisfies never;
  }
}

async function* passThrough(source: AsyncIterable<Uint8Array>) {
  yield* source;
}

const chunkSize = 128 * 1024;

async function* gunzip(source: AsyncIterable<Uint8Array>, signal: AbortSignal) {
  try {
    yield* throughTransform(createGunzip({ chunkSize }), source, signal);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    // zlib's own codes: Z_DATA_ERROR, Z_BUF_ERROR and such.
    throw code.startsWith("Z_") ? corrupt(`gzip: ${code}`, error) : error;
  }
}

async function* throughTransform(transform: Duplex, source: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const left = new AbortController();
  const fed = feed(source, transform, AbortSignal.any([signal, left.signal])).catch((error: unknown) => {
    transform.destroy(error instanceof Error ? error : new Error(String(error)));
    throw error;
  });
  // The loop below meets the same error first; this keeps the second copy from being unhandled.
  fed.catch(() => {});
  try {
    yield* transform;
    await fed;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    left.abort();
    transform.destroy();
  }
}

/** Writes all of the source, asking for the next piece only when the last one is taken whole. */
async function feed(source: AsyncIterable<Uint8Array>, into: Writable, signal: AbortSignal): Promise<void> {
  const done = (call: (told: (error?: Error | null) => void) => void) =>
    orAbort(new Promise<void>((resolve, reject) => call((error) => (error ? reject(error) : resolve()))), signal);
  for await (const piece of abortable(source, signal)) {
    await done((told) => into.write(piece, told));
    letGo(piece);
  }
  await done((told) => into.end(told));
}

async function* throughZstd(source: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  if (!findProgram("zstd"))
    throw new Failure("INTERNAL", "The program zstd is not on this machine.", "Install it, on Debian with: apt-get install zstd");
  await using tool = spawnTool("zstd", ["-dc", "-q"], { stdin: "pipe", stdout: "pipe", signal });
  const { stdin, stdout } = tool;
  if (!stdin || !stdout) throw new Error("zstd was started without its pipes");
  const left = new AbortController();
  const fed = feed(source, stdin, AbortSignal.any([signal, left.signal])).then(
    () => undefined,
    (error: unknown) => {
      // zstd takes this for a plain end, and may end well: the error is looked at before that end is passed on.
      stdin.destroy();
      return error;
    },
  );
  const gaveUp = new Error("zstd gave up");
  try {
    yield* stdout;
    const exit = await tool.exited;
    // It takes nothing more then, and its source may have more to give.
    if (exit.code !== 0) left.abort(gaveUp);
    const error = await fed;
    signal.throwIfAborted();
    if (exit.code === 0 ? error : error && error !== gaveUp && !isBrokenPipe(error)) throw error;
    if (exit.code !== 0) throw corrupt(exit.stderr);
  } finally {
    left.abort(gaveUp);
  }
}

const brokenPipes: readonly unknown[] = ["EPIPE", "ECONNRESET", "ERR_STREAM_PREMATURE_CLOSE", "ERR_STREAM_DESTROYED"];
const isBrokenPipe = (error: unknown) => error instanceof Error && "code" in error && brokenPipes.includes(error.code);

const corrupt = (detail: string, cause?: unknown) =>
  new Failure(
    "ARTIFACT_CORRUPT",
    `The stored file is damaged: it was cut off or altered (${detail.slice(-300) || "no detail"}).`,
    "Restore from another backup, and check the storage for errors.",
    { cause },
  );
