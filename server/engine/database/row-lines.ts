import { newline } from "./statement-states.ts";

/** Counts the rows of an INSERT that has each on a line of its own: one ends in a comma, the last in the delimiter. */
export class RowLines {
  /** Rows since `begin`. */
  count = 0;
  #last = 0;

  begin(): void {
    this.count = 0;
    this.#last = 0;
  }

  /** Reads on from `start`; returns where it stopped, negative when the statement ended just before there. */
  read(chunk: Buffer, start: number): number {
    for (let at = start; ; ) {
      const end = chunk.indexOf(newline, at);
      if (end < 0) {
        this.#last = chunk[chunk.length - 1] ?? 0;
        return chunk.length;
      }
      const last = end > 0 ? chunk[end - 1] : this.#last;
      if (last === 0x2c) this.count += 1;
      else if (last === 0x3b) {
        this.count += 1;
        return -(end + 1);
      }
      at = end + 1;
    }
  }
}
