import type { Readable } from "node:stream";
import { abortable } from "../abortable.ts";
import type { Attempts } from "./attempts.ts";
import type { Storage } from "./storage.ts";
import { streamOf } from "./stream.ts";

interface Range {
  readonly start: number;
  readonly end?: number;
}

/** The bytes of a file, by as many streams as it takes: where one breaks, another goes on. */
export async function resuming(storage: Storage, tries: Attempts, name: string, range?: Range): Promise<Readable> {
  const opened = await tries.repeat(`get ${name}`, () => storage.get(name, range));
  // It may fail before anybody reads; whoever reads then learns of it all the same.
  opened.on("error", () => {});
  const stream = streamOf((signal) => pieces(storage, tries, name, range, opened, signal));
  stream.once("close", () => opened.destroy());
  return stream;
}

async function* pieces(
  storage: Storage,
  tries: Attempts,
  name: string,
  range: Range | undefined,
  opened: Readable,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let position = range?.start ?? 0;
  let current: AsyncIterator<Uint8Array> | undefined = abortable<Uint8Array>(opened, signal);

  /** The next chunk, from a new stream where the last one broke. */
  const next = async (): Promise<IteratorResult<Uint8Array>> => {
    current ??= await rest();
    if (!current) return { done: true, value: undefined };
    try {
      return await current.next();
    } catch (error) {
      current = undefined;
      throw error;
    }
  };
  const rest = async (): Promise<AsyncIterator<Uint8Array> | undefined> => {
    // A stream may break after its last byte, and there is no range behind that.
    if (range?.end !== undefined && position > range.end) return undefined;
    if (position > 0 && position === (await storage.size(name))) return undefined;
    return abortable<Uint8Array>(await storage.get(name, { ...range, start: position }), signal);
  };
  try {
    for (;;) {
      const step = await tries.repeat(`get ${name} from byte ${position}`, next, { signal, evenResting: () => current !== undefined });
      if (step.done) return;
      position += step.value.length;
      yield step.value;
    }
  } finally {
    void current?.return?.(undefined);
  }
}
