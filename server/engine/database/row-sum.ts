import { createHash, type Hash, hash } from "node:crypto";
import { backslash } from "./statement-states.ts";

/** What a table's rows come to, whatever their order: how many there are, and the sum of their hashes. */
export interface RowTotals {
  readonly rows: number;
  /** Modulo 2^64, in decimal. */
  readonly sum: string;
}

/** Adds up the rows of INSERT statements of either dump program; a row of a gigabyte passes in pieces. */
export class RowSum {
  #rows = 0;
  #sum = 0n;
  #quote = 0;
  #escaped = false;
  #depth = 0;
  #skip = 0;
  #row: Hash | null = null;

  /** An INSERT begins; `notRows` of its parentheses come before the rows. */
  begin(bytes: Buffer, notRows: number): void {
    this.#quote = 0;
    this.#escaped = false;
    this.#depth = 0;
    this.#skip = notRows;
    this.#row = null;
    this.more(bytes);
  }

  more(bytes: Buffer): void {
    let start = 0;
    for (let at = 0; at < bytes.length; at += 1) {
      const byte = bytes[at] ?? 0;
      if (this.#quote !== 0) this.#quoted(byte);
      else if (byte === 0x27 || byte === 0x22 || byte === 0x60) this.#quote = byte;
      else if (byte === 0x28) {
        if (this.#depth === 0) start = at;
        this.#depth += 1;
      } else if (byte === 0x29 && this.#depth > 0) {
        this.#depth -= 1;
        if (this.#depth === 0) this.#end(bytes.subarray(start, at + 1));
      }
    }
    if (this.#depth === 0) return;
    this.#row ??= createHash("sha256");
    this.#row.update(bytes.subarray(start));
  }

  get totals(): RowTotals {
    return { rows: this.#rows, sum: String(this.#sum) };
  }

  #quoted(byte: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (byte === backslash && this.#quote !== 0x60) this.#escaped = true;
    else if (byte === this.#quote) this.#quote = 0;
  }

  #end(rest: Buffer): void {
    const digest = this.#row ? this.#row.update(rest).digest() : hash("sha256", rest, "buffer");
    this.#row = null;
    if (this.#skip > 0) {
      this.#skip -= 1;
      return;
    }
    this.#rows += 1;
    this.#sum = BigInt.asUintN(64, this.#sum + digest.readBigUInt64LE());
  }
}
