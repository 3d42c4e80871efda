import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { Failure } from "../../domain/errors.ts";
import { type Attempts, attempts, type RetryOptions } from "./attempts.ts";
import { replay } from "./replay.ts";
import { resuming } from "./resuming.ts";
import type { PutOptions, Storage } from "./storage.ts";

/** What of a put is kept so that it can be sent again: manifests and indexes, and the beginning of the rest. */
const keptBytes = 1024 * 1024;

/**
 * `storage`, asked again where a failure may pass: after growing, uneven waits, and at once never. A stream that breaks goes on from where
 * it was. A put is sent again as long as it took few bytes. A storage that keeps failing is left alone for a while, except by `check`.
 */
export function retrying(storage: Storage, options: Partial<RetryOptions> = {}): Storage {
  const tries = attempts(options);
  return {
    ...storage,
    put: (name, bytes, options) => put(storage, tries, name, bytes, options),
    get: (name, range) => resuming(storage, tries, name, range),
    size: (name) => tries.repeat(`size ${name}`, () => storage.size(name)),
    list: (prefix) => list(storage, tries, prefix),
    remove: (name) => tries.repeat(`remove ${name}`, () => storage.remove(name)),
    sweep: (prefix) => tries.repeat(`sweep ${prefix}`, () => storage.sweep(prefix)),
    free: () => tries.repeat("free", () => storage.free()),
    // Somebody wants to know now: it is asked even while it rests, and once more at most.
    check: () => tries.repeat("check", () => storage.check(), { retries: 1, evenResting: () => true }),
  };
}

async function put(storage: Storage, tries: Attempts, name: string, bytes: AsyncIterable<Uint8Array>, options: PutOptions): Promise<void> {
  const { signal } = options;
  const sent = replay(bytes, keptBytes);
  let again = false;
  const once = async () => {
    try {
      await storage.put(name, sent.pass(), options);
    } catch (error) {
      // An earlier try may have done its work, and only its answer was lost.
      if (again && error instanceof Failure && error.code === "CONFLICT" && (await holds(storage, name, sent.whole))) return;
      throw error;
    } finally {
      again = true;
    }
  };
  try {
    await tries.repeat(`put ${name}`, once, { signal, worth: () => sent.again, foreign: (error) => error === sent.failure });
  } finally {
    sent.close();
  }
}

async function holds(storage: Storage, name: string, whole: Uint8Array | null): Promise<boolean> {
  if (!whole || (await storage.size(name)) !== whole.length) return false;
  const stream: Readable = await storage.get(name);
  return (await buffer(stream)).equals(whole);
}

/** The names of one listing; one that breaks is begun anew, without those that were named already. */
async function* list(storage: Storage, tries: Attempts, prefix: string): AsyncGenerator<{ name: string; size: number }> {
  const named = new Set<string>();
  let entries: AsyncIterator<{ name: string; size: number }> | undefined;
  const next = async () => {
    entries ??= storage.list(prefix)[Symbol.asyncIterator]();
    try {
      return await entries.next();
    } catch (error) {
      entries = undefined;
      throw error;
    }
  };
  try {
    for (;;) {
      const step = await tries.repeat(`list ${prefix}`, next, { evenResting: () => entries !== undefined });
      if (step.done) return;
      if (named.has(step.value.name)) continue;
      named.add(step.value.name);
      yield step.value;
    }
  } finally {
    await entries?.return?.();
  }
}
