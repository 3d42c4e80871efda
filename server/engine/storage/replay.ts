import { Readable } from "node:stream";

/** Bytes that can be read once, but come again from the start as long as few were taken. */
export interface Replay {
  /** The bytes from the first one on; those that an earlier pass took come again. Only while `again`, and one pass at a time. */
  pass(): AsyncIterable<Uint8Array>;
  /** Whether another pass would still give everything. */
  readonly again: boolean;
  /** All the bytes, once a pass has come to their end; null before, and when there were too many. */
  readonly whole: Uint8Array | null;
  /** What the source failed with: no failure of the storage's. */
  readonly failure: unknown;
  /** Lets go of the source. */
  close(): void;
}

/** `source` with up to `keep` bytes kept: a manifest can be sent again whole, of a long dump only its beginning. */
export function replay(source: AsyncIterable<Uint8Array>, keep: number): Replay {
  let iterator: AsyncIterator<Uint8Array> | undefined;
  let steps: Promise<IteratorResult<Uint8Array>>[] | null = [];
  const chunks: Uint8Array[] = [];
  let size = 0;
  let ended = false;
  let failure: unknown;

  async function ask(from: AsyncIterator<Uint8Array>): Promise<IteratorResult<Uint8Array>> {
    try {
      const step = await from.next();
      if (step.done) ended = true;
      else if (steps) {
        size += step.value.length;
        if (size <= keep) return { done: false, value: keepCopy(step.value) };
        forget();
      }
      return step;
    } catch (error) {
      failure = error;
      forget();
      throw error;
    }
  }
  /** A source may use the memory of a chunk again once it was taken. */
  function keepCopy(chunk: Uint8Array): Uint8Array {
    const copy = Buffer.from(chunk);
    chunks.push(copy);
    return copy;
  }
  function forget() {
    steps = null;
    chunks.length = 0;
  }
  async function* pass(): AsyncGenerator<Uint8Array> {
    iterator ??= source[Symbol.asyncIterator]();
    for (let index = 0; ; index += 1) {
      // A pass that was given up may have asked already.
      let step = steps?.[index];
      if (!step) {
        step = ask(iterator);
        steps?.push(step);
      }
      const taken = await step;
      if (taken.done) return;
      yield taken.value;
    }
  }
  return {
    pass,
    get again() {
      return steps !== null;
    },
    get whole() {
      return ended && steps ? Buffer.concat(chunks) : null;
    },
    get failure() {
      return failure;
    },
    close() {
      if (ended) return;
      // Not awaited: a source that hangs would hang its end too.
      iterator?.return?.().catch(() => {});
      if (source instanceof Readable) source.destroy();
    },
  };
}
