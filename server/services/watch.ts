import type { EventStream } from "../events/bus.ts";

/**
 * An iterator over `values(stream)` that can be left while it waits. A plain async generator cannot: its `return` only
 * takes effect at the next event, so a client that goes away would leave its listener behind.
 */
export function watching<E, T>(
  stream: EventStream<E>,
  values: (stream: EventStream<E>) => AsyncGenerator<T, void>,
): AsyncIterableIterator<T> {
  const generator = values(stream);
  return {
    next: () => generator.next(),
    async return() {
      stream.close();
      await generator.return();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
