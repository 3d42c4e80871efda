import { Failure } from "../../server/domain/errors.ts";
import { orAbort } from "../../server/engine/abortable.ts";
import type { Storage } from "../../server/engine/storage/storage.ts";
import { throughStream } from "../../server/engine/storage/stream.ts";

type Method = "put" | "get" | "size" | "list" | "remove" | "sweep" | "free" | "check";
type Bytes = AsyncIterable<Uint8Array>;

/** What goes wrong in a call: before it is passed on, in the bytes of a put or get, or after its work was done. */
export interface Fault {
  readonly before?: (stall: Stall) => Promise<void>;
  readonly bytes?: (source: Bytes, stall: Stall) => Bytes;
  readonly after?: () => void;
}
/** Waits for release() or for the call's abort. */
type Stall = () => Promise<void>;

/** One line of a script: what happens at the `call`-th call (from 1; else at each) of a method, for names that match. */
export interface Line {
  readonly at: Method;
  readonly call?: number;
  readonly name?: RegExp;
  readonly does: Fault;
}

export interface FaultyStorage extends Storage {
  /** How often a method was called, with names that match. */
  calls(method: Method, name?: RegExp): number;
  /** Resolves when a call stalls, now or later. */
  stalled(): Promise<void>;
  /** Lets everything go on that stalls, now and from now on. */
  release(): void;
  /** Ends the script: from now on all works. */
  heal(): void;
}

export const unreachable = (message = "The storage does not answer.") =>
  new Failure("STORAGE_UNAVAILABLE", message, "Look whether it is running.");
const noRoom = () => new Failure("STORAGE_FULL", "The storage is full.", "Remove old backups.");

/** Fails at once, with nothing done. */
export const fails = (error: Error = unreachable()): Fault => ({ before: () => Promise.reject(error) });
/** Breaks after `bytes` bytes: a put leaves nothing, the stream of a get fails. */
export const cut = (bytes: number, error: Error = unreachable("The connection was lost.")): Fault => ({
  bytes: async function* (source) {
    yield* first(source, bytes);
    throw error;
  },
});
/** Has no room for more than `bytes` bytes. */
export const full = (bytes = 0): Fault => cut(bytes, noRoom());
/** Ends after `bytes` bytes as if that were all: what a storage does that lies. */
export const truncate = (bytes: number): Fault => ({ bytes: (source) => first(source, bytes) });
/** Turns one bit of the byte at `offset` over. */
export const flip = (offset: number): Fault => ({
  bytes: async function* (source) {
    let passed = 0;
    for await (const chunk of source) {
      const copy = Uint8Array.from(chunk);
      const byte = copy[offset - passed];
      if (byte !== undefined) copy[offset - passed] = byte ^ 1;
      passed += chunk.length;
      yield copy;
    }
  },
});
/** Is silent until released or aborted: a put or get after `bytes` bytes, any other call before it does anything. */
export const stall = (bytes = 0): Fault => ({
  before: (wait) => (bytes > 0 ? Promise.resolve() : wait()),
  bytes: async function* (source, wait) {
    let passed = 0;
    for await (const chunk of source) {
      // Before it is taken: its last reader may free it, and then it has no length.
      passed += chunk.length;
      yield chunk;
      if (bytes > 0 && passed >= bytes) await wait();
    }
  },
});
/** Does the work, and then its answer is lost. */
export const loseAnswer = (error: Error = unreachable("The connection was lost.")): Fault => ({
  after: () => {
    throw error;
  },
});

/** `storage` with faults: everything passes through but what `script` names; of several lines that fit, the first counts. */
export function faulty(storage: Storage, script: readonly Line[] = []): FaultyStorage {
  const called: { method: Method; name: string }[] = [];
  const stalling = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  let healed = false;

  const count = (method: Method, name?: RegExp) =>
    called.filter((call) => call.method === method && (name?.test(call.name) ?? true)).length;
  const faultOf = (method: Method, name: string): Fault => {
    called.push({ method, name });
    const fits = (line: Line) =>
      line.at === method && (line.name?.test(name) ?? true) && (line.call === undefined || line.call === count(method, line.name));
    return (healed ? undefined : script.find(fits)?.does) ?? {};
  };
  const stallUntil = (signal: AbortSignal) => () => {
    stalling.resolve();
    return orAbort(released.promise, signal);
  };
  const forever = new AbortController().signal;
  async function faced<T>(method: Method, name: string, work: () => Promise<T>): Promise<T> {
    const { before, after } = faultOf(method, name);
    await before?.(stallUntil(forever));
    const result = await work();
    after?.();
    return result;
  }

  return {
    ...storage,
    async put(name, bytes, { signal }) {
      const fault = faultOf("put", name);
      await fault.before?.(stallUntil(signal));
      await storage.put(name, fault.bytes?.(bytes, stallUntil(signal)) ?? bytes, { signal });
      fault.after?.();
    },
    async get(name, range) {
      const fault = faultOf("get", name);
      await fault.before?.(stallUntil(forever));
      const stream = await storage.get(name, range);
      fault.after?.();
      const { bytes } = fault;
      return bytes ? throughStream(stream, (source, signal) => bytes(source, stallUntil(signal))) : stream;
    },
    size: (name) => faced("size", name, () => storage.size(name)),
    async *list(prefix) {
      const fault = faultOf("list", prefix);
      await fault.before?.(stallUntil(forever));
      yield* storage.list(prefix);
      fault.after?.();
    },
    remove: (name) => faced("remove", name, () => storage.remove(name)),
    sweep: (prefix) => faced("sweep", prefix, () => storage.sweep(prefix)),
    free: () => faced("free", "", () => storage.free()),
    check: () => faced("check", "", () => storage.check()),
    calls: count,
    stalled: () => stalling.promise,
    release: () => released.resolve(),
    heal() {
      healed = true;
      released.resolve();
    },
  };
}

async function* first(source: Bytes, bytes: number): AsyncGenerator<Uint8Array> {
  let left = bytes;
  if (left === 0) return;
  for await (const chunk of source) {
    yield chunk.subarray(0, left);
    left -= chunk.length;
    if (left <= 0) return;
  }
}
