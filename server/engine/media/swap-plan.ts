import { basename, dirname, join } from "node:path";

/** How one root is exchanged. Absolute paths; what a crash left is read from which of them are there. */
export interface RootSwap extends Omit<SwapNames, "moves"> {
  readonly path: string;
  readonly existed: boolean;
  /** The new content lies inside of the root and its children are exchanged; else beside, and the root itself is. */
  readonly inside: boolean;
  /** Tells the new folder from any other, under whatever name. */
  readonly identity: string;
  /**
   * Only some of the content is exchanged, path by path, as the file `moves` lists it; with `keeps`, nothing that is
   * there by then is. Null, or absent in plans of earlier versions, when it is exchanged as a whole.
   */
  readonly merge?: { readonly moves: string; readonly keeps: boolean } | null;
}

export interface SwapNames {
  /** The new content, staged. */
  readonly fresh: string;
  /** The new content while its children move in; only inside. */
  readonly use: string;
  /** The old content, set aside: it can be put back. */
  readonly old: string;
  /** The old content being removed: there is no way back. */
  readonly gone: string;
  /** The list of what is exchanged; only where not all is. */
  readonly moves: string;
}

/** Plain data: it outlives a crash in the catalog. */
export interface MediaSwapPlan {
  readonly restoreId: string;
  readonly roots: readonly RootSwap[];
}

export const namesBeside = (at: string, restoreId: string) => namesIn(dirname(at), `.${basename(at)}`, restoreId);
export const namesInside = (at: string, restoreId: string) => namesIn(at, "", restoreId);

const namesIn = (folder: string, base: string, restoreId: string): SwapNames => {
  const name = (what: string) => join(folder, `${base}.holdfast-${what}-${restoreId.slice(0, 8)}`);
  return { fresh: name("new"), use: name("use"), old: name("old"), gone: name("gone"), moves: name("moves") };
};
