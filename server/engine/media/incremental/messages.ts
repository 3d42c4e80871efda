import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { Compression } from "../../../../shared/enums.ts";
import type { MediaSummary } from "../../../domain/manifest.ts";
import type { SourceLimits } from "../../../domain/source-load.ts";
import type { Packing, PartProgress } from "../../part.ts";
import type { NamedRoot } from "../roots.ts";

/** What the child is to do: as JSON on its standard input. */
export interface IncrementalJob {
  readonly roots: readonly NamedRoot[];
  readonly exclude: readonly string[];
  readonly packing: Packing;
  /** The list to build on, which is open as descriptor 5. */
  readonly previous: { readonly compression: Compression; readonly packSizes: readonly number[] } | null;
  readonly limits: SourceLimits;
}

/** What came of it. */
export interface IncrementalResult extends Omit<MediaSummary, "roots"> {
  /** Bytes of the tar that the list's entries make. */
  readonly tarSize: number;
  readonly listSize: number;
  /** The packs in the list's order: those of the previous backup by their numbers there, and behind those the new ones. */
  readonly packNumbers: readonly number[];
  /** Files that were taken over without being opened. */
  readonly unchanged: number;
}

/** A line of what it tells on descriptor 3; the last one has the result. */
export type IncrementalReport = PartProgress | { readonly packed: IncrementalResult };

/** What the packs come as on its standard output: a byte of these, four of the length (the lowest first), and the bytes. */
export const messages = { packBytes: 1, packEnd: 2 } as const;
export const messageHeadBytes = 5;

/** Follows what the child tells to its end; its result, or null when it ended without one. */
export async function followReports(stream: Readable, observe: (progress: PartProgress) => void): Promise<IncrementalResult | null> {
  let result: IncrementalResult | null = null;
  for await (const text of createInterface({ input: stream })) {
    const line = JSON.parse(text) as IncrementalReport;
    if ("packed" in line) result = line.packed;
    else observe(line);
  }
  return result;
}

/** The packs one after the other, each as its bytes; each has to be read to its end before the next is asked for. */
export async function* packsIn(
  stream: AsyncIterable<Uint8Array>,
  cutOff: () => Promise<Error>,
): AsyncGenerator<AsyncIterable<Uint8Array>, void> {
  const reading = new Messages(stream);
  for (let message = await reading.next(); message; message = await reading.next()) {
    const first = message;
    yield (async function* () {
      for (let next: Message | null = first; next?.kind !== messages.packEnd; next = await reading.next()) {
        // What ends within a pack must never be taken for the end of the pack.
        if (!next) throw await cutOff();
        yield* reading.bytes(next.length);
      }
    })();
  }
  if (reading.isCut) throw await cutOff();
}

interface Message {
  readonly kind: number;
  readonly length: number;
}

class Messages {
  readonly #source: AsyncIterator<Uint8Array>;
  #rest: Buffer = Buffer.alloc(0);
  isCut = false;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async next(): Promise<Message | null> {
    while (this.#rest.length < messageHeadBytes)
      if (!(await this.#more())) {
        this.isCut = this.#rest.length > 0;
        return null;
      }
    const message = { kind: this.#rest.readUInt8(0), length: this.#rest.readUInt32LE(1) };
    this.#rest = this.#rest.subarray(messageHeadBytes);
    return message;
  }

  async *bytes(length: number): AsyncGenerator<Uint8Array, void> {
    for (let left = length; left > 0; ) {
      if (this.#rest.length === 0 && !(await this.#more())) return;
      const some = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(some.length);
      left -= some.length;
      yield some;
    }
  }

  async #more(): Promise<boolean> {
    const { done, value } = await this.#source.next();
    if (done) return false;
    const piece = Buffer.from(value.buffer, value.byteOffset, value.length);
    this.#rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, piece]) : piece;
    return true;
  }
}
