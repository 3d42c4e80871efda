import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Encryption, Packed } from "../domain/manifest.ts";
import { encryptAge } from "./codec/age.ts";
import type { Digests } from "./codec/age-slab.ts";
import type { Storage } from "./storage/storage.ts";

interface Place {
  readonly storage: Storage;
  /** The file's folder on the storage. */
  readonly folder: string;
  readonly encryption: Encryption | null;
}

/** What was stored. */
export interface Stored {
  readonly name: string;
  readonly storedSize: number;
  readonly sha256: string;
  readonly packed: Packed | null;
}

interface StoreOptions {
  readonly signal: AbortSignal;
  readonly expected: number | null;
  /** Of bytes that come encrypted already: what is inside, asked for at their end. */
  readonly inside?: (() => Packed | null) | undefined;
}

/** Stores one file, encrypted where that is asked for and not done already. */
export async function storeFile(
  { storage, folder, encryption }: Place,
  name: string,
  bytes: Readable | AsyncIterable<Uint8Array>,
  { signal, expected, inside }: StoreOptions,
): Promise<Stored> {
  const put = (metered: AsyncIterable<Uint8Array>) => storage.put(`${folder}/${name}`, metered, { signal, expected });
  if (encryption && !inside) {
    const found: Digests[] = [];
    await pipeline(
      bytes,
      encryptAge(encryption.recipients, (digests) => found.push(digests)),
      put,
      { signal },
    );
    const [digests] = found;
    if (!digests) throw new Error(`${name} was stored without its end`);
    return { name, storedSize: digests.stored.size, sha256: digests.stored.sha256, packed: digests.inside };
  }
  const [hash, stored] = [createHash("sha256"), { size: 0 }];
  const metered = async function* (source: AsyncIterable<Uint8Array>) {
    for await (const piece of source) {
      stored.size += piece.length;
      hash.update(piece);
      yield piece;
    }
  };
  await pipeline(bytes, metered, put, { signal });
  const packed = inside?.() ?? null;
  if (encryption && !packed) throw new Error(`${name} was stored without what is inside of it`);
  return { name, storedSize: stored.size, sha256: hash.digest("hex"), packed };
}
