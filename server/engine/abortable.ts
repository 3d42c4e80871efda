import { Readable } from "node:stream";

/** The items of `source` until `signal` aborts; then it throws the signal's reason at once, even while the source is silent. */
export async function* abortable<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T, void> {
  const iterator = source[Symbol.asyncIterator]();
  try {
    for (;;) {
      const step = await orAbort(iterator.next(), signal);
      if (step.done) return;
      yield step.value;
    }
  } finally {
    // Not awaited: a source that hangs would hang its end too. A stream is destroyed, since it waits for no one.
    iterator.return?.().catch(() => {});
    if (source instanceof Readable) source.destroy();
  }
}

/** What `work` gives, or the signal's reason as soon as it aborts; `work` itself is not stopped. */
export function orAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const onAbort = () => reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  return promise;
}
