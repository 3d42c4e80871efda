import { damaged } from "../names.ts";

/** Writes whole numbers up to 2^53 - 1 in as few bytes as each needs: seven bits a byte, the lowest first (LEB128). */
export class NumberWriter {
  #bytes = Buffer.allocUnsafe(64 * 1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  put(value: number): void {
    if (this.#length + 8 > this.#bytes.length) this.#grow();
    let rest = value;
    while (rest > 0x7f) {
      this.#bytes[this.#length++] = (rest % 128) + 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#length++] = rest;
  }

  /** A number that may be negative: 0, -1, 1, -2, 2 become 0, 1, 2, 3, 4. */
  putSigned(value: number): void {
    this.put(value < 0 ? -2 * value - 1 : 2 * value);
  }

  /** What was written, which is the caller's own; the writer is empty again. */
  take(): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(0, this.#length));
    this.#length = 0;
    return taken;
  }

  #grow(): void {
    const larger = Buffer.allocUnsafe(this.#bytes.length * 2);
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

/** Reads what a NumberWriter wrote; a number that is none, or that is cut off, is ARTIFACT_CORRUPT. */
export class NumberReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  take(): number {
    let byte = this.#bytes[this.#at++] ?? none;
    if (byte < 0x80) return byte;
    let [value, scale] = [0, 1];
    for (; byte >= 0x80; scale *= 128) {
      if (byte === none || scale > maximumScale) throw damaged("its list holds a number that is none");
      value += (byte - 128) * scale;
      byte = this.#bytes[this.#at++] ?? none;
    }
    const whole = value + byte * scale;
    if (!Number.isSafeInteger(whole)) throw damaged("its list holds a number that is none");
    return whole;
  }

  takeSigned(): number {
    const value = this.take();
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
  }
}

/** No byte has this value. */
const none = 0x100;
/** The eighth byte is the last that a number below 2^53 may have. */
const maximumScale = 128 ** 7;
