import { Failure } from "../../domain/errors.ts";
import { abortable } from "../abortable.ts";
import { handOn } from "../handed-over.ts";
import { errnoOf } from "../storage/disk.ts";
import { damaged } from "./names.ts";

/** The bytes of a tar, taken one stretch after the other without being copied. */
export class TarBytes {
  readonly #source: AsyncGenerator<Uint8Array, void>;
  readonly #signal: AbortSignal;
  #piece: Uint8Array = nothing;
  #at = 0;
  /** So many of the bytes that come next are not wanted. */
  #unwanted = 0;

  constructor(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal) {
    [this.#source, this.#signal] = [abortable(bytes, signal), signal];
  }

  /** The next so many bytes; null when none is left. One that ends among them is ARTIFACT_CORRUPT. */
  async take(length: number): Promise<Buffer | null> {
    const first = await this.some(length);
    if (!first || first.length === length) return first && Buffer.from(first.buffer, first.byteOffset, length);
    const taken = Buffer.allocUnsafe(length);
    taken.set(first);
    for (let filled = first.length; filled < length; ) {
      const some = await this.some(length - filled);
      if (!some) throw cutOff();
      taken.set(some, filled);
      filled += some.length;
    }
    return taken;
  }

  /**
   * Some of the next `most` bytes, one at least, or null when none is left. With the last of them the `padding` behind is passed
   * over. Whoever lets go of what it gets frees all that came before in the same memory as well.
   */
  async some(most: number, padding = 0): Promise<Uint8Array | null> {
    while (this.#at === this.#piece.length) if (!(await this.#next())) return null;
    const some = this.#piece.subarray(this.#at, this.#at + most);
    this.#at += some.length;
    if (some.length === most) this.pass(padding);
    if (this.#at === this.#piece.length) {
      handOn(this.#piece, some);
      [this.#piece, this.#at] = [nothing, 0];
    }
    return some;
  }

  /** Leaves out the next so many bytes. */
  pass(length: number): void {
    const here = Math.min(length, this.#piece.length - this.#at);
    this.#at += here;
    this.#unwanted += length - here;
  }

  /** Lets go of the source. Not awaited: one that hangs would hang its end too. */
  end(): void {
    this.#source.return().catch(() => {});
  }

  async #next(): Promise<boolean> {
    const step = await this.#source.next().catch((error: unknown) => {
      this.#signal.throwIfAborted();
      // A storage that fails to read says so itself: that is no damage.
      throw error instanceof Failure || errnoOf(error)
        ? error
        : damaged(error instanceof Error ? error.message : "it cannot be read", error);
    });
    if (step.done) return false;
    const before = this.#unwanted;
    [this.#piece, this.#at, this.#unwanted] = [step.value, 0, 0];
    this.pass(before);
    return true;
  }
}

const nothing = new Uint8Array(0);

export const cutOff = () => damaged("it is cut off in an entry");
