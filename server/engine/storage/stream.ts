import { Readable } from "node:stream";
import { abortable } from "../abortable.ts";

type Bytes = AsyncIterable<Uint8Array>;

const bufferBytes = 512 * 1024;

/**
 * A stream of what `produce` yields, for adapters and decorators. Destroying it aborts the signal at once, whatever `produce` waits for;
 * `Readable.from` would wait for that first. `produce` is not called before the first read.
 */
export function streamOf(produce: (signal: AbortSignal) => Bytes): Readable {
  const abort = new AbortController();
  let iterator: AsyncIterator<Uint8Array> | undefined;
  const next = async (stream: Readable): Promise<void> => {
    iterator ??= produce(abort.signal)[Symbol.asyncIterator]();
    for (;;) {
      const step = await iterator.next();
      if (stream.destroyed) return;
      if (step.done) return void stream.push(null);
      // An empty chunk would be taken for the answer to this call, and no other call would follow.
      if (step.value.length > 0) return void stream.push(step.value);
    }
  };
  return new Readable({
    highWaterMark: bufferBytes,
    read() {
      next(this).catch((error: unknown) => this.destroy(error instanceof Error ? error : new Error(String(error))));
    },
    destroy(error, done) {
      abort.abort(error ?? new Error("The stream was closed."));
      // Not awaited: a source that hangs would hang its end too.
      iterator?.return?.().catch(() => {});
      done(error);
    },
  });
}

/** `source` with its bytes changed or held up on the way; it goes when the new stream goes, read or not. */
export function throughStream(source: Readable, change: (bytes: Bytes, signal: AbortSignal) => Bytes): Readable {
  const stream = streamOf((signal) => change(abortable(source, signal), signal));
  // It may fail before anybody reads; whoever reads then learns of it all the same.
  source.on("error", () => {});
  stream.once("close", () => source.destroy());
  return stream;
}
