import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Encryption, Packed } from "../domain/manifest.ts";
import { encryptAge } from "./codec/age.ts";
import { Meter } from "./meter.ts";
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

/** Stores one file, encrypted where that is asked for. */
export async function storeFile(
  { storage, folder, encryption }: Place,
  name: string,
  bytes: Readable | AsyncIterable<Uint8Array>,
  { signal, expected }: { readonly signal: AbortSignal; readonly expected: number | null },
): Promise<Stored> {
  const [inside, stored] = [new Meter(), new Meter()];
  const put = (metered: AsyncIterable<Uint8Array>) => storage.put(`${folder}/${name}`, metered, { signal, expected });
  const recipients = encryption?.recipients;
  if (recipients) await pipeline(bytes, inside, encryptAge(recipients), stored, put, { signal });
  else await pipeline(bytes, stored, put, { signal });
  const packed = recipients ? { size: inside.bytes, sha256: inside.digest() } : null;
  return { name, storedSize: stored.bytes, sha256: stored.digest(), packed };
}
