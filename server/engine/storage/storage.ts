import type { Readable } from "node:stream";

/** How something is stored. */
export interface PutOptions {
  readonly signal: AbortSignal;
  /** Roughly how many bytes will come, rather too many than too few; absent when nobody knows. */
  readonly expected?: number | null;
}

/** A place where backups are kept. Names are relative, `/`-separated, and made by Holdfast. */
export interface Storage {
  /** Stores all of `bytes` under `name`: visible, durable and whole when it resolves, absent when it rejects. Never overwrites: CONFLICT. */
  put(name: string, bytes: AsyncIterable<Uint8Array>, options: PutOptions): Promise<void>;
  /** The stored bytes, or the range from `start` to `end` (inclusive). Rejects with NOT_FOUND or STORAGE_UNAVAILABLE. */
  get(name: string, range?: { start: number; end?: number }): Promise<Readable>;
  /** True for a file of which, read whole, the last bytes come only when it is the one that was stored: nobody needs to prove it once more. */
  proves?(name: string): boolean;
  /** Size in bytes, or null when there is no such name. */
  size(name: string): Promise<number | null>;
  /** Every name below `prefix` (a folder, ending in `/`, or empty for all), without unfinished ones. */
  list(prefix: string): AsyncIterable<{ name: string; size: number }>;
  /** Removes one name; an absent one is no error. Folders left empty go too. */
  remove(name: string): Promise<void>;
  /** Removes what unfinished puts left below `prefix`. */
  sweep(prefix: string): Promise<void>;
  /** Bytes free for new backups; null when unknown. */
  free(): Promise<number | null>;
  /** Bytes that it can hold in all; null, or no such method, when unknown. */
  total?(): Promise<number | null>;
  /** Proves that it can be written, read and removed from; rejects with STORAGE_UNAVAILABLE and a hint. */
  check(): Promise<void>;
}
