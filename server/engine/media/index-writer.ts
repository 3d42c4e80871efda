import { once } from "node:events";
import { writeSync } from "node:fs";
import type { Packing } from "../part.ts";
import { Framing } from "./framing.ts";
import { type FrameSizes, type IndexEntry, indexLine } from "./index-line.ts";

/** Writes the index of an archive into an open file while the archive is packed, a few lines in memory at a time. */
export class IndexWriter {
  readonly #framing: Framing;

  constructor(fd: number, packing: Packing) {
    this.#framing = new Framing(packing, async ({ stored }) => writeAll(fd, stored), { size: 1024 * 1024 });
    // The pack looks at it at its end.
    this.#framing.on("error", () => {});
  }

  add(entry: IndexEntry): void {
    this.#framing.write(indexLine(entry));
  }

  /** Ends the index; its uncompressed size. */
  async end(frames: FrameSizes): Promise<number> {
    if (this.#framing.errored) throw this.#framing.errored;
    this.#framing.end(indexLine({ frames }));
    await once(this.#framing, "finish");
    return this.#framing.bytes;
  }

  /** Waits while more lines are written than the disk takes. */
  async drained(): Promise<void> {
    if (this.#framing.errored) throw this.#framing.errored;
    if (this.#framing.writableNeedDrain) await once(this.#framing, "drain");
  }
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
}
