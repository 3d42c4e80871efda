import type { Compression } from "../../../shared/enums.ts";
import type { Connection } from "../../domain/connection.ts";

/** How rows reach the server: as the data of LOAD DATA LOCAL, or as the INSERT statements that they are stored as. */
export type LoadingWay = "LOAD DATA" | "INSERT";

/** What the child that loads is told, on its standard input: JSON behind its length, and bytes where it names some. */
export type LoaderMessage =
  | { readonly kind: "connect"; readonly connection: Connection; readonly way: LoadingWay }
  /** Rows of this table follow; a text is lost without harm only in `loose` columns. */
  | { readonly kind: "table"; readonly table: string; readonly columns: readonly string[]; readonly loose: readonly string[] }
  /** A stored frame follows, or with NONE a piece of the text. `size`: its uncompressed bytes. */
  | { readonly kind: "frame"; readonly packed: Compression; readonly length: number; readonly size: number }
  | { readonly kind: "end" };

/** What it answers on its standard output, one JSON line each. */
export type LoaderAnswer =
  | { readonly kind: "connected"; readonly thread: number }
  /** So many uncompressed bytes more were handed to the server. */
  | { readonly kind: "taken"; readonly size: number }
  /** All rows of the table that came are in it. */
  | { readonly kind: "loaded"; readonly rows: number }
  | { readonly kind: "failed"; readonly why: LoaderTrouble; readonly message: string };

/** `altered`: not what our writer makes. `refused`: by the server. `unfit`: this way of loading does not do for these rows. */
export type LoaderTrouble = "altered" | "refused" | "unfit";

/** The bytes of a message; those of a frame follow it. */
export function packMessage(message: LoaderMessage): Buffer {
  const text = Buffer.from(JSON.stringify(message));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, text]);
}

/** Reads what `packMessage` wrote. */
export class LoaderInbox {
  readonly #source: AsyncIterator<Buffer>;
  #held: Buffer[] = [];
  #length = 0;

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The next message with its bytes; null at the end. */
  async next(): Promise<{ readonly message: LoaderMessage; readonly bytes: Buffer } | null> {
    const length = await this.#take(4);
    if (length === null) return null;
    const text = await this.#take(length.readUInt32BE());
    if (text === null) return null;
    // It comes from the process that started this one.
    const message = JSON.parse(text.toString()) as LoaderMessage;
    const bytes = message.kind === "frame" ? await this.#take(message.length) : Buffer.alloc(0);
    return bytes === null ? null : { message, bytes };
  }

  async #take(length: number): Promise<Buffer | null> {
    while (this.#length < length) {
      const { done, value } = await this.#source.next();
      if (done) return null;
      this.#held.push(value);
      this.#length += value.length;
    }
    const all = this.#held.length === 1 ? this.#held[0] : Buffer.concat(this.#held);
    if (!all) return Buffer.alloc(0);
    this.#held = all.length > length ? [all.subarray(length)] : [];
    this.#length -= length;
    return all.subarray(0, length);
  }
}
