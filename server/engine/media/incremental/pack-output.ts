import type { KeyText } from "../../codec/age-header.ts";
import { packMark } from "./list-entry.ts";
import { Sealer, type SealerSettings } from "./sealer.ts";

/** A pack is ended behind the chunk that brings it to this. */
const packBytes = 48 * 1024 * 1024;
const pieceBytes = 1024 * 1024;
/** No pack is longer, before it is encrypted. */
export const largestPack = packBytes + 4 * pieceBytes;

/**
 * Writes packs, one after the other, in pieces that travel at once. They leave on several pipes in turn, so that one is begun
 * while the storage still makes sure of the one before. Memory stays the same.
 */
export class PackOutput {
  readonly #sealer: Sealer;
  readonly #beginning: () => void;
  /** The number of the next pack. */
  #number: number;
  #piece = Buffer.from(new ArrayBuffer(pieceBytes));
  #filled = 0;
  /** Bytes of the present pack; 0: none was begun. */
  #size = 0;
  #wake = () => {};
  readonly #free: ArrayBuffer[] = [];

  /** `beginning` is called at the start of each pack. */
  constructor(settings: SealerSettings, firstNumber: number, beginning: () => void) {
    this.#beginning = beginning;
    this.#number = firstNumber;
    this.#sealer = new Sealer({ ...settings, freed: (memory) => void this.#free.push(memory), changed: () => this.#wake() });
  }

  /** Throws what has ended the sealing. */
  get isFull(): boolean {
    return this.#sealer.isFull;
  }

  addKey(key: KeyText): void {
    this.#sealer.addKey(key);
  }

  /** Where the bytes come to lie. */
  write(bytes: Buffer): { readonly pack: number; readonly offset: number } {
    if (this.#size === 0) {
      this.#beginning();
      this.#append(packMark);
    }
    const place = { pack: this.#number, offset: this.#size };
    this.#append(bytes);
    if (this.#size >= packBytes) this.#endPack();
    return place;
  }

  async room(): Promise<void> {
    while (this.isFull) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
  }

  async end(): Promise<void> {
    if (this.#size > 0) this.#endPack();
    await this.#sealer.end();
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
    if (this.#filled > 0) this.#send();
    this.#sealer.endPack(this.#number);
    this.#size = 0;
    this.#number += 1;
  }

  #send(): void {
    this.#sealer.send(this.#piece.subarray(0, this.#filled));
    this.#piece = Buffer.from(this.#free.pop() ?? new ArrayBuffer(pieceBytes));
    this.#filled = 0;
  }
}
