import { ReadError } from "./row-error.ts";

/** Called with the memory that holds a row, and where the row begins and ends in it. */
export type PacketReader = (bytes: Buffer, start: number, end: number) => void;

/** Holds what a socket brings in one read, and a row of usual length besides. */
const usualBytes = 1024 * 1024;
const headBytes = 4;
/** A packet of this length goes on in the next one. */
const fullPacket = 0xffffff;
const [okPacket, endPacket, errorPacket] = [0x00, 0xfe, 0xff];

type State = "idle" | "header" | "columns" | "rows";

/**
 * Finds the rows in the bytes of answers of the text protocol. The bytes lie in one piece of memory that is used over and
 * over, and grows only for a row that is larger.
 */
export class RowPackets {
  #memory: Buffer = Buffer.allocUnsafeSlow(usualBytes);
  #have = 0;
  #state: State = "idle";
  #row: PacketReader = () => {};
  #done: (error: Error | null) => void = () => {};

  /** The next answer: `done` is called at its end, with what the server said where that is an error. */
  begin(row: PacketReader, done: (error: Error | null) => void): void {
    this.#state = "header";
    this.#row = row;
    this.#done = done;
  }

  /** Where the next bytes go. */
  room(): Buffer {
    return this.#memory.subarray(this.#have);
  }

  /** So many bytes have come into `room`. */
  filled(length: number): void {
    this.#have += length;
    const used = this.#read();
    if (used > 0) {
      this.#memory.copyWithin(0, used, this.#have);
      this.#have -= used;
    }
    if (this.#have === 0 && this.#memory.length > usualBytes) this.#memory = Buffer.allocUnsafeSlow(usualBytes);
    else if (this.#have === this.#memory.length) this.#grow(2 * this.#memory.length);
  }

  /** The same for bytes that lie elsewhere. */
  take(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) {
      const copied = bytes.copy(this.#memory, this.#have, at);
      at += copied;
      this.filled(copied);
    }
  }

  #grow(size: number): void {
    const larger = Buffer.allocUnsafeSlow(size);
    this.#memory.copy(larger, 0, 0, this.#have);
    this.#memory = larger;
  }

  /** Reads all packets that are whole; how many bytes they are. */
  #read(): number {
    const memory = this.#memory;
    const have = this.#have;
    let at = 0;
    while (have - at >= headBytes) {
      const length = memory.readUIntLE(at, 3);
      if (length === fullPacket) {
        const joined = this.#join(at);
        if (joined === 0) return at;
        at = joined;
        continue;
      }
      const end = at + headBytes + length;
      if (end > have) return at;
      this.#packet(at + headBytes, end);
      at = end;
    }
    return at;
  }

  /** A row of several packets, once all are there: their bytes are moved together, and where the last one ends is returned. */
  #join(start: number): number {
    let [end, length] = [start, fullPacket];
    const parts: [from: number, to: number][] = [];
    while (length === fullPacket) {
      if (this.#have - end < headBytes) return 0;
      length = this.#memory.readUIntLE(end, 3);
      const from = end + headBytes;
      if (this.#have - from < length) return 0;
      parts.push([from, from + length]);
      end = from + length;
    }
    let to = start + headBytes;
    for (const [from, until] of parts) {
      this.#memory.copyWithin(to, from, until);
      to += until - from;
    }
    this.#packet(start + headBytes, to);
    return end;
  }

  #packet(start: number, end: number): void {
    const first = this.#memory[start];
    if (this.#state === "rows") {
      if (first === endPacket && end - start < 9) this.#end(null);
      else if (first === errorPacket) this.#end(this.#errorIn(start, end));
      else this.#row(this.#memory, start, end);
    } else if (first === errorPacket) this.#end(this.#errorIn(start, end));
    else if (this.#state === "header" && first === okPacket) this.#end(null);
    else if (this.#state === "header") this.#state = "columns";
    // Of what the server tells of each column nothing is needed: it was asked beforehand.
    else if (this.#state === "columns" && first === endPacket && end - start < 9) this.#state = "rows";
  }

  #errorIn(start: number, end: number): ReadError {
    // Behind the number stands a # and the five signs of the state.
    return new ReadError(this.#memory.readUInt16LE(start + 1), this.#memory.toString("utf8", start + 9, end));
  }

  #end(error: Error | null): void {
    this.#state = "idle";
    this.#done(error);
  }
}
