import type { Bus, EventStream, Events, Topic } from "./bus.ts";

/** The bus of a single process. */
export function memoryBus(): Bus & { /** How many listen now, for tests and metrics. */ subscribers(): number } {
  const streams = new Map<Topic, Set<LatestByKey<Events[Topic]>>>();
  return {
    publish(topic, event) {
      for (const stream of streams.get(topic) ?? []) stream.push(keyOf(event), event);
    },
    subscribe<T extends Topic>(topic: T): EventStream<Events[T]> {
      const stream = new LatestByKey<Events[T]>(() => streams.get(topic)?.delete(stream as LatestByKey<Events[Topic]>));
      const listeners = streams.get(topic) ?? new Set();
      streams.set(topic, listeners.add(stream as LatestByKey<Events[Topic]>));
      return stream;
    },
    subscribers: () => [...streams.values()].reduce((sum, listeners) => sum + listeners.size, 0),
  };
}

const keyOf = (event: Events[Topic]): string => ("operationId" in event ? event.operationId : event.id);

/** Holds the newest event of each key until it is read, in the order in which the keys first waited. */
class LatestByKey<E> implements EventStream<E>, AsyncIterator<E> {
  readonly #waiting = new Map<string, E>();
  readonly #onClose: () => void;
  #wake: (() => void) | null = null;
  #closed = false;

  constructor(onClose: () => void) {
    this.#onClose = onClose;
  }

  push(key: string, event: E): void {
    this.#waiting.set(key, event);
    this.#wake?.();
  }

  async next(): Promise<IteratorResult<E>> {
    for (;;) {
      const first = this.#waiting.entries().next();
      if (!first.done) {
        this.#waiting.delete(first.value[0]);
        return { done: false, value: first.value[1] };
      }
      if (this.#closed) return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
  }

  close(): void {
    this.#closed = true;
    this.#waiting.clear();
    this.#onClose();
    this.#wake?.();
  }

  async return(): Promise<IteratorResult<E>> {
    this.close();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
