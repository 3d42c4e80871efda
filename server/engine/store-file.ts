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
  readonly sealed?: (() => Digests | null) | undefined;
}

/** Stores one file, encrypted where that is asked for. What is encrypted already comes with `sealed`, its checksums at its end. */
export async function storeFile(
  { storage, folder, encryption }: Place,
  name: string,
  bytes: Readable | AsyncIterable<Uint8Array>,
  { signal, expected, sealed }: StoreOptions,
): Promise<Stored> {
  const put = (metered: AsyncIterable<Uint8Array>) => storage.put(`${folder}/${name}`, metered, { signal, expected });
  if (encryption) {
    let digests: Digests | null = null;
    const told = (of: Digests) => {
      digests = of;
    };
    if (sealed) await pipeline(bytes, put, { signal });
    else await pipeline(bytes, encryptAge(encryption.recipients, told), put, { signal });
    digests ??= sealed?.() ?? null;
    if (!digests) throw new Error(`${name} was stored without its end`);
    const { stored, inside } = digests;
    return { name, storedSize: stored.size, sha256: stored.sha256, packed: inside };
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
  return { name, storedSize: stored.size, sha256: hash.digest("hex"), packed: null };
}
