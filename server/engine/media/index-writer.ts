import { once } from "node:events";
import { writeSync } from "node:fs";
import type { Packing } from "../part.ts";
import { Framing } from "./framing.ts";
import { type FrameSizes, type IndexEntry, indexLine } from "./index-line.ts";

/** An entry whose checksum is known only when its content went through. */
export interface OpenLine {
  done(sha256: string): void;
}

/**
 * Writes the index of an archive into an open file while the archive is packed, a few lines in memory at a time: lines
 * keep the order in which they were begun, whatever the order in which they are done.
 */
export class IndexWriter {
  readonly #framing: Framing;
  readonly #open: { line: string | null }[] = [];

  constructor(fd: number, packing: Packing) {
    this.#framing = new Framing(packing, async ({ stored }) => writeAll(fd, stored), { size: 1024 * 1024 });
    // The pack looks at it at its end.
    this.#framing.on("error", () => {});
  }

  add(entry: IndexEntry): void {
    this.#open.push({ line: indexLine(entry) });
    this.#flush();
  }

  begin(entry: IndexEntry): OpenLine {
    const slot: { line: string | null } = { line: null };
    this.#open.push(slot);
    return {
      done: (sha256) => {
        slot.line = indexLine({ ...entry, sha256 });
        this.#flush();
      },
    };
  }

  /** Ends the index; its uncompressed size. */
  async end(frames: FrameSizes): Promise<number> {
    if (this.#open.length > 0) throw new Error("The index of the archive lacks a checksum");
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

  #flush(): void {
    for (let line = this.#open[0]?.line; line; line = this.#open[0]?.line) {
      this.#framing.write(line);
      this.#open.shift();
    }
  }
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
}
