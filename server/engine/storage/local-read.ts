import type { FileHandle } from "node:fs/promises";
import type { Readable } from "node:stream";
import { handOver } from "../handed-over.ts";
import { onDisk } from "./disk.ts";
import { streamOf } from "./stream.ts";

/** As much as a stream buffers: of two in its buffer it would make one, by copying both. */
const chunkBytes = 512 * 1024;

/** The bytes of an open file, which is closed with the stream. A disk that fails is named as in every other call to it. */
export function readStream(base: string, handle: FileHandle, range?: { start: number; end?: number }): Readable {
  const stream = streamOf(() => read(base, handle, range?.start ?? 0, range?.end ?? Number.POSITIVE_INFINITY));
  stream.once("close", () => void handle.close().catch(() => {}));
  return stream;
}

/** A stored file never grows: what is asked for is known before, so that a small one takes no more memory than it is long. */
async function* read(base: string, handle: FileHandle, start: number, last: number): AsyncGenerator<Uint8Array> {
  const { size } = await onDisk(base, () => handle.stat());
  const end = Math.min(last, size - 1);
  for (let position = start; position <= end; ) {
    const length = Math.min(chunkBytes, end - position + 1);
    const { bytesRead, buffer } = await onDisk(base, () => handle.read(Buffer.allocUnsafeSlow(length), 0, length, position));
    if (bytesRead === 0) return;
    position += bytesRead;
    yield handOver(buffer.subarray(0, bytesRead));
  }
}
