import type { ChunkPlace } from "./chunk-table.ts";

/** What a list tells of one entry. `path` begins with its root's prefix and has no slash at its end. */
export interface ListEntry {
  readonly path: string;
  readonly kind: "FILE" | "DIRECTORY" | "LINK";
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Microseconds. */
  readonly mtime: number;
  /** Bytes of content; 0 for all but files. */
  readonly size: number;
  /** Of a link. */
  readonly target: string | null;
  /** By what the next backup knows the file unchanged; null where it has to be read again. */
  readonly stamp: Stamp | null;
  /** Numbers of its chunks, counted through the whole list from 0. */
  readonly pieces: readonly number[];
  /** Of a file: SHA-256 of its content. */
  readonly sum: Buffer | null;
}

/** With size and time of modification, what tells that a file is the same and unchanged. */
export interface Stamp {
  readonly inode: number;
  /** Microseconds. */
  readonly ctime: number;
}

/** A chunk that a list names for the first time. */
export interface ListedChunk extends ChunkPlace {
  readonly sum: Buffer;
}

/** What stands at the end of a list. */
export interface ListTotals {
  readonly files: number;
  readonly directories: number;
  readonly links: number;
  readonly chunks: number;
  /** Bytes of the tar that its entries make. */
  readonly tarSize: number;
}

export const listKinds = ["FILE", "DIRECTORY", "LINK"] as const;

/** Every block begins with these four bytes. */
export const blockMark = Buffer.from("HFL1");
/** The mark, and four numbers of four bytes, the lowest first: entries, and bytes of numbers, texts and sums. */
export const blockHeadBytes = 20;
/** Every pack begins with these. */
export const packMark = Buffer.from("HFPACK1\n");
/** SHA-256 of nothing. */
export const emptySum = Buffer.from("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "hex");
