/** A part of a file that a thread is to write: all of a small one, one stretch after the other of a large one. */
export interface FilePart {
  readonly path: string;
  /** Where its bytes begin in the slab, and how many they are. */
  readonly from: number;
  readonly length: number;
  readonly first: boolean;
  /** What the file is in the end; null while more of it is to come. */
  readonly last: FileFacts | null;
}

export interface FileFacts {
  readonly mode: number;
  /** Of its owner; null where this account may give files to nobody. */
  readonly owner: { readonly uid: number; readonly gid: number } | null;
  /** Seconds, in the form that sets them. */
  readonly mtime: string;
}

/** Parts of files, and the memory that holds their bytes. */
export interface WriteOrder {
  readonly slab: ArrayBuffer;
  readonly parts: readonly FilePart[];
}

/** The memory back; and which part could not be written, as the system told it. */
export interface WriteAnswer {
  readonly slab: ArrayBuffer;
  readonly failed: { readonly part: number; readonly code: string; readonly syscall: string; readonly message: string } | null;
}
