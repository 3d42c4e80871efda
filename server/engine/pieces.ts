import type { Readable } from "node:stream";
import { handOver, letGo } from "./handed-over.ts";

/**
 * Keeps what a child writes until somebody iterates over it: when a child has ended, Node sets its pipes flowing, and what nobody
 * listens to is gone. Gives the same stream, which is then to be iterated over, not piped.
 */
export function keptOutput(output: Readable): Readable {
  return output.on("readable", () => {});
}

const pieceBytes = 1024 * 1024;

/**
 * What comes from a pipe by the kilobytes, by the mebibyte: each piece costs the same in the steps behind. The memory of both
 * is handed over, so that none of it waits for the collector.
 */
export async function* inPieces(stream: AsyncIterable<Buffer>): AsyncGenerator<Uint8Array, void> {
  let [piece, length] = [Buffer.allocUnsafeSlow(pieceBytes), 0];
  for await (const bytes of stream) {
    for (let at = 0; at < bytes.length; ) {
      const copied = bytes.copy(piece, length, at);
      [at, length] = [at + copied, length + copied];
      if (length < pieceBytes) continue;
      yield handOver(piece);
      [piece, length] = [Buffer.allocUnsafeSlow(pieceBytes), 0];
    }
    // The pipe's own, and nobody else's.
    if (bytes.byteLength === bytes.buffer.byteLength) letGo(handOver(bytes));
  }
  if (length > 0) yield handOver(piece.subarray(0, length));
}

/** How many bytes these are together. */
export const lengthOf = (parts: readonly Uint8Array[]): number => parts.reduce((sum, { length }) => sum + length, 0);
