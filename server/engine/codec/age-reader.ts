import { Readable } from "node:stream";
import { alteredAge, headerLength, longestHeader, nonceBytes, openFileKey } from "./age-header.ts";
import { chunkBytes, Payload, payloadKey, plainSize, sealedBytes } from "./age-payload.ts";
import { through } from "./through.ts";

/** An encrypted file that can be read from anywhere. */
export interface SealedFile {
  /** For messages. */
  readonly name: string;
  /** Its size as it is stored. */
  readonly size: number;
  /** Its stored bytes from `start` to `end` inclusive. */
  get(range: { start: number; end: number }): Promise<Readable>;
}

/** What an encrypted file holds, of which any range is read for the price of the chunks that it touches. */
export interface OpenedFile {
  readonly size: number;
  /** From `start` to `end` inclusive. Each byte comes only after its chunk was proved; ARTIFACT_CORRUPT otherwise. */
  read(start: number, end: number): Promise<Readable>;
}

/** Opens the file with one of the identities, reading its header alone. KEY_MISSING when none of them opens it. */
export async function openAge(file: SealedFile, identities: readonly string[]): Promise<OpenedFile> {
  const start = await read(file, 0, Math.min(file.size, longestHeader));
  const length = headerLength(start);
  if (length === null || start.length < length + nonceBytes)
    throw alteredAge(file.name, "it does not begin with the header of an encrypted file");
  const begin = length + nonceBytes;
  const size = plainSize(file.size - begin);
  if (size === null) throw alteredAge(file.name, "no encrypted file has its size: it was cut off or added to");
  const fileKey = await openFileKey(start.subarray(0, length), identities, file.name);
  const payload = new Payload(payloadKey(fileKey, start.subarray(length, begin)));
  fileKey.fill(0);
  const lastChunk = Math.max(0, Math.ceil(size / chunkBytes) - 1);
  return {
    size,
    async read(from, to) {
      const [first, last] = [Math.floor(from / chunkBytes), Math.min(Math.floor(to / chunkBytes), lastChunk)];
      if (from > to || first > last) return Readable.from([]);
      const end = last === lastChunk ? file.size : begin + (last + 1) * sealedBytes;
      const sealed = await file.get({ start: begin + first * sealedBytes, end: end - 1 });
      return through(sealed, async function* (source) {
        let number = first;
        for await (const chunk of sliced(source)) {
          if (number > last) throw alteredAge(file.name, "it is longer than it was");
          const plain = payload.open(chunk, number, number === lastChunk);
          if (!plain) throw alteredAge(file.name, "a part of it was altered, or it was cut off or added to");
          const offset = number * chunkBytes;
          yield plain.subarray(Math.max(from - offset, 0), Math.min(to + 1 - offset, plain.length));
          number += 1;
        }
        if (number <= last) throw alteredAge(file.name, "it is cut off");
      });
    },
  };
}

async function read(file: SealedFile, from: number, to: number): Promise<Buffer> {
  if (from >= to) return Buffer.alloc(0);
  const pieces: Uint8Array[] = [];
  for await (const piece of await file.get({ start: from, end: to - 1 })) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** The same bytes, a sealed chunk at a time, the last one shorter. */
async function* sliced(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  let held = Buffer.allocUnsafe(sealedBytes);
  let length = 0;
  for await (const piece of source)
    for (let from = 0; from < piece.length; ) {
      const some = piece.subarray(from, from + sealedBytes - length);
      held.set(some, length);
      length += some.length;
      from += some.length;
      if (length < sealedBytes) continue;
      yield held;
      [held, length] = [Buffer.allocUnsafe(sealedBytes), 0];
    }
  if (length > 0) yield held.subarray(0, length);
}
