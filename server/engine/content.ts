import type { Compression, EntryKind } from "../../shared/enums.ts";
import type { DatabaseSummary, MediaSummary } from "../domain/manifest.ts";
import type { TarEntry } from "./media/untar.ts";
import type { Running } from "./part.ts";

/** What a restore puts back, wherever it comes from: a backup on a storage, or uploaded files. */
export interface Content {
  readonly database: DatabaseContent | null;
  readonly media: MediaContent | null;
}

/** A dump. `tables` limits what is read to these tables and what stands before them; null means all of it. */
export interface DatabaseContent {
  readonly summary: DatabaseSummary;
  /** Reads every stored byte that `open` will read and proves it whole; rejects with ARTIFACT_CORRUPT. */
  verify(tables: readonly string[] | null, running: Running, observe: (stored: number) => void): Promise<void>;
  /** The SQL, uncompressed. What was altered or cut makes it throw ARTIFACT_CORRUPT before its end: nothing is whole until it ended. */
  open(tables: readonly string[] | null, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Uncompressed bytes that `open` gives, as far as is known. */
  size(tables: readonly string[] | null): number;
  /** How several connections load it at once; null where the dump can only be read from its beginning to its end. */
  readonly rows: StoredRows | null;
}

/** A dump of our own writer, whose rows stand apart from all else. */
export interface StoredRows {
  readonly compression: Compression;
  /** What `open` gives without the rows. */
  structure(tables: readonly string[] | null, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** The tables that have rows, each with its stretches in the order of the dump. */
  readonly tables: ReadonlyMap<string, readonly RowStretch[]>;
}

/** A run of frames with rows of one table. */
export interface RowStretch {
  readonly rows: number;
  /** Uncompressed bytes. */
  readonly size: number;
  /** Stored and uncompressed size of each frame. */
  readonly frames: readonly (readonly [storedSize: number, size: number])[];
  /** The stored bytes; the last of them come only when all of them are those that were stored, else it throws ARTIFACT_CORRUPT. */
  open(signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/**
 * Files. `paths` limits them to these entries and all below them; null means all. A path begins with the prefix of its
 * root (manifest.media.roots), like the entries' names.
 */
export interface MediaContent {
  readonly summary: MediaSummary;
  verify(paths: readonly string[] | null, running: Running, observe: (stored: number) => void): Promise<void>;
  /** The entries in the archive's order; what was altered or cut makes it throw ARTIFACT_CORRUPT before its end. */
  entries(paths: readonly string[] | null, signal: AbortSignal): AsyncIterable<TarEntry>;
  /** How much `entries` gives: files, directories, links and uncompressed bytes of the archive. */
  measure(paths: readonly string[] | null): Promise<MediaMeasure>;
  /** What `entries` gives, from a list that is kept beside the content; absent where there is none. */
  list?(paths: readonly string[] | null, signal: AbortSignal): AsyncIterable<ListedEntry>;
}

/** An entry without its content. */
export interface ListedEntry {
  /** With its root's prefix, without a slash at its end; a folder comes before what lies in it, and nothing else in between. */
  readonly path: string;
  readonly kind: EntryKind;
  readonly size: number;
  /** Of a link. */
  readonly target?: string | undefined;
  /** Of a file: lower-case hex SHA-256 of its content. */
  readonly sha256?: string | undefined;
}

export interface MediaMeasure {
  readonly files: number;
  readonly directories: number;
  readonly links: number;
  readonly bytes: number;
}
