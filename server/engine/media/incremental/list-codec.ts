import { once } from "node:events";
import { readSync, writeSync } from "node:fs";
import { Readable, type Transform } from "node:stream";
import { constants, createGunzip, createGzip, createZstdCompress, createZstdDecompress } from "node:zlib";
import type { Compression } from "../../../../shared/enums.ts";
import { messageOf } from "../../../domain/errors.ts";
import type { Packing } from "../../part.ts";
import { damaged } from "../names.ts";

/**
 * A list is compressed as one stream, in this process: one zstd frame or gzip member, which Node alone can read. (Its
 * zstd reads no further than one frame.)
 */
export async function* unpackedList(compression: Compression, source: Readable): AsyncGenerator<Uint8Array, void> {
  if (compression === "NONE") return yield* source;
  const unpack: Transform = compression === "ZSTD" ? createZstdDecompress({ chunkSize }) : createGunzip({ chunkSize });
  source.on("error", (error) => unpack.destroy(error));
  source.pipe(unpack);
  try {
    yield* unpack;
  } catch (error) {
    if (error instanceof Error && "code" in error && /^Z(STD)?_|^ERR_(ZSTD|ZLIB)/.test(String(error.code)))
      throw damaged(`its list cannot be unpacked: ${messageOf(error)}`, error);
    throw error;
  } finally {
    source.destroy();
    unpack.destroy();
  }
}

const chunkSize = 256 * 1024;

/** The list in an open file, from its start; the file stays open. */
export const unpackedFile = (compression: Compression, fd: number) => unpackedList(compression, Readable.from(fileBytes(fd)));

/** A ReadStream would close the file when it is let go. */
function* fileBytes(fd: number): Generator<Buffer, void> {
  for (let at = 0; ; ) {
    const bytes = Buffer.allocUnsafe(chunkSize);
    const read = readSync(fd, bytes, 0, chunkSize, at);
    if (read === 0) return;
    at += read;
    yield bytes.subarray(0, read);
  }
}

/** Compresses a list into an open file while it is written. */
export class ListFile {
  readonly #fd: number;
  readonly #pack: Transform | null;
  size = 0;

  constructor(fd: number, { compression, level }: Packing) {
    this.#fd = fd;
    this.#pack =
      compression === "ZSTD"
        ? createZstdCompress({ chunkSize, params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 } })
        : compression === "GZIP"
          ? createGzip({ level, chunkSize })
          : null;
    this.#pack?.on("data", (bytes: Buffer) => writeAll(fd, bytes));
  }

  write(bytes: Buffer): void {
    this.size += bytes.length;
    if (this.#pack) this.#pack.write(bytes);
    else writeAll(this.#fd, bytes);
  }

  get needsDrain(): boolean {
    return this.#pack?.writableNeedDrain ?? false;
  }

  async drained(): Promise<void> {
    if (this.#pack?.writableNeedDrain) await once(this.#pack, "drain");
  }

  async end(): Promise<void> {
    if (!this.#pack) return;
    const ended = once(this.#pack, "end");
    this.#pack.end();
    await ended;
  }
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
}
