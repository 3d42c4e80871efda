import type { Section } from "../../domain/manifest.ts";
import { freeFrame, packFrame } from "../codec/frames.ts";
import type { Packing } from "../part.ts";
import { OpenSection } from "./frame-writer.ts";

/** Uncompressed bytes of a frame of the structure at most. */
const frameBytes = 4 * 1024 * 1024;

interface Placed {
  readonly table: string | null;
  /** Null where it is not rows. */
  rows: number | null;
  readonly open: OpenSection;
}

/** Writes frames in the order in which they are given, and knows which sections they are: a run of rows of one table is one. */
export class SectionWriter {
  readonly #packing: Packing;
  readonly #write: (bytes: Buffer) => Promise<void>;
  readonly #sections: Placed[] = [];
  #bytes = 0;
  /** Nothing is written before this. */
  #written: Promise<void>;

  constructor(packing: Packing, write: (bytes: Buffer) => Promise<void>) {
    this.#packing = packing;
    this.#write = write;
    this.#written = Promise.resolve();
  }

  /** Uncompressed bytes so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A section of its own, of text that is no rows. */
  async text(table: string | null, bytes: Buffer): Promise<void> {
    const section: Placed = { table, rows: null, open: new OpenSection() };
    this.#sections.push(section);
    for (let at = 0; at < bytes.length; at += frameBytes) {
      const piece = bytes.subarray(at, at + frameBytes);
      await this.#put(section, await packFrame(piece, this.#packing), piece.length);
    }
  }

  /** A frame of rows; resolves when it is written, and its memory is free then. */
  async rows(table: string, packed: Buffer, size: number, rows: number): Promise<void> {
    let section = this.#sections.at(-1);
    if (section?.table !== table || section.rows === null) {
      section = { table, rows: 0, open: new OpenSection() };
      this.#sections.push(section);
    }
    section.rows = (section.rows ?? 0) + rows;
    await this.#put(section, packed, size);
    freeFrame(packed, this.#packing);
  }

  /** The sections as they are stored. */
  async finish(): Promise<Section[]> {
    await this.#written;
    let offset = 0;
    return this.#sections.map(({ table, rows, open }) => {
      const stored = open.finish(offset, this.#packing.compression !== "NONE");
      offset += stored.storedSize;
      return { table, ...stored, rows };
    });
  }

  #put({ open }: Placed, packed: Buffer, size: number): Promise<void> {
    open.size += size;
    open.add(packed, size);
    this.#bytes += size;
    this.#written = this.#written.then(() => this.#write(packed));
    return this.#written;
  }
}
