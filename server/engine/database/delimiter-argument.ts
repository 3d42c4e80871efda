import { newline } from "./statement-states.ts";

/** A delimiter is a few bytes; a longer line is none, and must not grow in memory. */
const mostBytes = 64;

/** What stands behind DELIMITER up to the end of its line. */
export class DelimiterArgument {
  #bytes: number[] = [];

  /** Reads on from `start`; returns where it stopped, negative when the line ended just before there. */
  read(chunk: Buffer, start: number): number {
    for (let at = start; at < chunk.length; at += 1) {
      const byte = chunk[at] ?? 0;
      if (byte === newline) return -(at + 1);
      if (this.#bytes.length < mostBytes) this.#bytes.push(byte);
    }
    return chunk.length;
  }

  /** The first word of the line, which is then forgotten; null when there is none. */
  word(): Buffer | null {
    const [word] = Buffer.from(this.#bytes).toString("latin1").trim().split(/\s/);
    this.#bytes = [];
    return word ? Buffer.from(word, "latin1") : null;
  }
}
