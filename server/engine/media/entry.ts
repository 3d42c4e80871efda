/** One thing found below a media folder. `path` is relative to its root, `/`-separated; the root itself has "". */
export interface Entry {
  readonly kind: "file" | "directory" | "link";
  /** Index of its root. */
  readonly root: number;
  readonly path: string;
  /** Where it is, absolute. */
  readonly at: string;
  readonly size: number;
  /** Permission bits, with set-uid, set-gid and sticky. */
  readonly mode: number;
  /** Microseconds. */
  readonly mtime: number;
  /** When anything of it was changed last, in microseconds: nobody can set it. */
  readonly ctime: number;
  readonly uid: number;
  readonly gid: number;
  /** Device and inode: a file that is opened later is this one, or it was swapped. */
  readonly identity: string;
  /** A link's target as it stands; null for others. */
  readonly target: string | null;
}

/** Something that no archive can hold, or that could not be read: it is told, not stored. */
export interface Skipped {
  readonly kind: "skipped";
  readonly root: number;
  readonly path: string;
  readonly at: string;
  readonly problem: string;
}
