import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { WriteOut } from "./write-out.ts";

/** Enough for a disk to be busy while the next one is filled. */
const pieceBytes = 4 * 1024 * 1024;

/**
 * Writes a file from its first byte to its last. What is large goes past the system's cache (O_DIRECT) where the file system
 * allows that: what the shop's database and its pages keep there stays, no fresh pages of it have to be found, and who reads it next
 * reads what is on the disk. Two pieces of 4 MiB are held, of which one is being written.
 */
export class FileOutput implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #ahead: WriteOut;
  /** For what goes past the cache; undefined until there is a piece to try it with, null where nothing does. */
  #direct: FileHandle | null | undefined;
  #piece = alignedMemory();
  #other: Uint8Array<ArrayBuffer> | null = null;
  #filled = 0;
  /** Where the piece begins in the file; what is cached is written up to there. */
  #at = 0;
  #underWay: Promise<void> = Promise.resolve();

  /** `file` is open for writing, and empty; it stays open. */
  constructor(file: FileHandle, path: string) {
    [this.#file, this.#path] = [file, path];
    this.#ahead = new WriteOut(() => file.datasync());
  }

  /** Takes the next bytes; it rejects with what failed now or before. They are the caller's again when it resolved. */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.#direct === null) return this.#writeCached(bytes);
    for (let from = 0; from < bytes.length; ) {
      const some = bytes.subarray(from, from + pieceBytes - this.#filled);
      this.#piece.set(some, this.#filled);
      [from, this.#filled] = [from + some.length, this.#filled + some.length];
      if (this.#filled < pieceBytes) continue;
      const direct = await this.#pass();
      if (!direct) return this.#writeCached(bytes.subarray(from));
    }
  }

  /** Writes what is left; resolves when all of it is written, but not yet synced. */
  async end(): Promise<void> {
    await this.#underWay;
    // The last piece is no multiple of what a disk takes directly.
    if (this.#filled > 0) await this.#writeCached(this.#piece.subarray(0, this.#filled));
    this.#filled = 0;
    await this.#ahead.settled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#underWay.catch(() => {});
    await this.#direct?.close();
    for (const memory of [this.#piece, this.#other]) memory?.buffer.transferToFixedLength(0);
  }

  /** A full piece; the next one is filled while it is written. False where nothing goes past the cache. */
  async #pass(): Promise<boolean> {
    await this.#underWay;
    if (this.#direct === undefined) this.#direct = await openDirect(this.#path);
    const [piece, direct, at] = [this.#piece, this.#direct, this.#at];
    this.#filled = 0;
    if (!direct) {
      await this.#writeCached(piece);
      return false;
    }
    this.#at += pieceBytes;
    this.#underWay = this.#writeDirect(direct, piece, at);
    // Whoever waits for it next meets its error; until then it is not unhandled.
    this.#underWay.catch(() => {});
    [this.#piece, this.#other] = [this.#other ?? alignedMemory(), piece];
    return true;
  }

  async #writeDirect(direct: FileHandle, piece: Uint8Array, at: number): Promise<void> {
    let written = 0;
    try {
      ({ bytesWritten: written } = await direct.write(piece, 0, pieceBytes, at));
    } catch (error) {
      // Opened, but not written so: another alignment than that of the memory is asked for.
      if (!(error instanceof Error && "code" in error && error.code === "EINVAL")) throw error;
    }
    if (written < pieceBytes) await this.#writeAt(piece.subarray(written), at + written);
  }

  async #writeCached(bytes: Uint8Array): Promise<void> {
    await this.#writeAt(bytes, this.#at);
    this.#at += bytes.length;
    this.#ahead.wrote(this.#at);
  }

  async #writeAt(bytes: Uint8Array, at: number): Promise<void> {
    for (let written = 0; written < bytes.length; ) {
      const { bytesWritten } = await this.#file.write(bytes, written, bytes.length - written, at + written);
      written += bytesWritten;
    }
  }
}

/** The file once more, for writing past the cache; null where the file system or the operating system has no such thing. */
async function openDirect(path: string): Promise<FileHandle | null> {
  if (constants.O_DIRECT === undefined) return null;
  return open(path, constants.O_WRONLY | constants.O_DIRECT | constants.O_NOFOLLOW).catch(() => null);
}

/** Memory for a piece at the beginning of a page, as O_DIRECT asks for: that of an ArrayBuffer which may grow is made of whole pages. */
const alignedMemory = () => new Uint8Array(new ArrayBuffer(pieceBytes, { maxByteLength: pieceBytes }), 0, pieceBytes);
