import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { Compression } from "../../../../shared/enums.ts";
import type { MediaSummary, Packed } from "../../../domain/manifest.ts";
import type { SourceLimits } from "../../../domain/source-load.ts";
import { handOver } from "../../handed-over.ts";
import { freeMemory } from "../../memory.ts";
import type { Packing, PartProgress } from "../../part.ts";
import type { NamedRoot } from "../roots.ts";

/** What the child is to do: as a line of JSON on its standard input. */
export interface IncrementalJob {
  readonly roots: readonly NamedRoot[];
  readonly exclude: readonly string[];
  readonly packing: Packing;
  /** The list to build on, which is open as descriptor 5. */
  readonly previous: { readonly compression: Compression; readonly packSizes: readonly number[] } | null;
  readonly limits: SourceLimits;
  /** Whether packs are: then each takes a key, which come as further lines. */
  readonly encrypted: boolean;
  /** Descriptors on which packs leave in turn. */
  readonly lanes: readonly number[];
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

/** A line of what it tells on descriptor 3: how far it is, that it needs the key of one pack more, or at last the result. */
export type IncrementalReport = PartProgress | { readonly needsKey: true } | { readonly packed: IncrementalResult };

/** A pack as it is to be stored. */
export interface SealedPack {
  /** In the list's count: new ones come behind those of the previous backup. */
  readonly number: number;
  readonly storedSize: number;
  readonly sha256: string;
  /** What is inside its encryption; null without. */
  readonly packed: Packed | null;
}

/** What packs come as on a lane: a byte of these, four of the length (the lowest first), and the bytes; those of an end are a SealedPack. */
export const messages = { packBytes: 1, packEnd: 2 } as const;
export const messageHeadBytes = 5;

/** A pack that arrives. */
export interface ArrivingPack {
  /** As they are to be stored; to be read to their end. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** What it is; known once its bytes were read. */
  sealed(): SealedPack;
}

interface Followers {
  readonly observe: (progress: PartProgress) => void;
  readonly giveKey: () => Promise<void>;
}

/** Follows what the child tells to its end; its result, or null when it ended without one. */
export async function followReports(stream: Readable, { observe, giveKey }: Followers): Promise<IncrementalResult | null> {
  let result: IncrementalResult | null = null;
  for await (const text of createInterface({ input: stream })) {
    const line = JSON.parse(text) as IncrementalReport;
    if ("packed" in line) result = line.packed;
    else if ("needsKey" in line) await giveKey();
    else observe(line);
  }
  return result;
}

/** The packs of a lane one after the other; each has to be read to its end before the next is asked for. */
export async function* packsIn(stream: AsyncIterable<Uint8Array>, cutOff: () => Promise<Error>): AsyncGenerator<ArrivingPack, void> {
  const reading = new Messages(stream);
  for (let message = await reading.next(); message; message = await reading.next()) {
    let [next, sealed, size]: [Message | null, SealedPack | null, number] = [message, null, 0];
    async function* bytes(): AsyncGenerator<Uint8Array, void> {
      for (; next?.kind === messages.packBytes; next = await reading.next()) {
        const piece = await reading.bytes(next.length);
        if (!piece) throw await cutOff();
        size += piece.length;
        yield handOver(piece);
      }
      const end = next && (await reading.bytes(next.length));
      // What ends within a pack must never be taken for the end of the pack.
      if (!end) throw await cutOff();
      sealed = JSON.parse(end.toString()) as SealedPack;
      if (sealed.storedSize !== size) throw new Error(`${size} bytes of a pack arrived, of ${sealed.storedSize}`);
    }
    yield {
      bytes: bytes(),
      sealed() {
        if (!sealed) throw new Error("This pack was not read to its end");
        return sealed;
      },
    };
  }
  if (reading.isCut) throw await cutOff();
}

interface Message {
  readonly kind: number;
  readonly length: number;
}

class Messages {
  readonly #source: AsyncIterator<Uint8Array>;
  /** What has arrived, and how many bytes of it. */
  #held: Uint8Array[] = [];
  #size = 0;
  isCut = false;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async next(): Promise<Message | null> {
    const head = await this.bytes(messageHeadBytes);
    return head && { kind: head.readUInt8(0), length: head.readUInt32LE(1) };
  }

  /** So many bytes, in memory of their own; null when there are no more of them. */
  async bytes(length: number): Promise<Buffer | null> {
    while (this.#size < length) {
      const { done, value } = await this.#source.next();
      if (done) {
        this.isCut = this.#size > 0;
        return null;
      }
      this.#held.push(value);
      this.#size += value.length;
    }
    const taken = Buffer.allocUnsafeSlow(length);
    for (let at = 0; at < length; ) {
      const piece = this.#held.shift() ?? taken;
      const some = piece.subarray(0, length - at);
      taken.set(some, at);
      at += some.length;
      if (some.length < piece.length) this.#held.unshift(piece.subarray(some.length));
      else freeMemory(piece);
    }
    this.#size -= length;
    return taken;
  }
}
