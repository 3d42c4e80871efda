import type { Writable } from "node:stream";
import { packMark } from "./list-entry.ts";
import { messageHeadBytes, messages } from "./messages.ts";

/** A pack is ended behind the chunk that brings it to this. */
const packBytes = 48 * 1024 * 1024;
const pieceBytes = 1024 * 1024;
const mostUnderWay = 4;
/** No pack is longer, before it is encrypted. */
export const largestPack = packBytes + 4 * pieceBytes;

/** Writes packs to the parent, one after the other, in pieces that travel at once. Memory stays the same. */
export class PackOutput {
  readonly #into: Writable;
  /** The number of the next pack. */
  #number: number;
  #piece = Buffer.allocUnsafeSlow(messageHeadBytes + pieceBytes);
  #filled = messageHeadBytes;
  /** Bytes of the present pack; 0: none was begun. */
  #size = 0;
  #underWay = 0;
  #failure: Error | null = null;
  #wake = () => {};
  readonly #free: Buffer<ArrayBuffer>[] = [];

  constructor(into: Writable, firstNumber: number) {
    this.#into = into;
    this.#number = firstNumber;
  }

  get isFull(): boolean {
    return this.#underWay >= mostUnderWay;
  }

  /** Where the bytes come to lie. */
  write(bytes: Buffer): { readonly pack: number; readonly offset: number } {
    if (this.#size === 0) this.#append(packMark);
    const place = { pack: this.#number, offset: this.#size };
    this.#append(bytes);
    if (this.#size >= packBytes) this.#endPack();
    return place;
  }

  async room(): Promise<void> {
    while (this.isFull) await this.#change();
    if (this.#failure) throw this.#failure;
  }

  async end(): Promise<void> {
    if (this.#size > 0) this.#endPack();
    while (this.#underWay > 0) await this.#change();
    if (this.#failure) throw this.#failure;
  }

  #append(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) {
      const copied = bytes.copy(this.#piece, this.#filled, at);
      at += copied;
      this.#filled += copied;
      if (this.#filled === this.#piece.length) this.#send();
    }
    this.#size += bytes.length;
  }

  #endPack(): void {
    if (this.#filled > messageHeadBytes) this.#send();
    this.#post(Buffer.from([messages.packEnd, 0, 0, 0, 0]), () => {});
    this.#size = 0;
    this.#number += 1;
  }

  #send(): void {
    const piece = this.#piece;
    piece.writeUInt8(messages.packBytes, 0);
    piece.writeUInt32LE(this.#filled - messageHeadBytes, 1);
    this.#post(piece.subarray(0, this.#filled), () => this.#free.push(piece));
    this.#piece = this.#free.pop() ?? Buffer.allocUnsafeSlow(messageHeadBytes + pieceBytes);
    this.#filled = messageHeadBytes;
  }

  #post(bytes: Buffer, written: () => void): void {
    this.#underWay += 1;
    this.#into.write(bytes, (error) => {
      this.#underWay -= 1;
      if (error) this.#failure ??= error;
      written();
      this.#wake();
    });
  }

  async #change(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    await promise;
  }
}
