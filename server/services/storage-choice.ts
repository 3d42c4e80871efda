import { badInput } from "../domain/errors.ts";
import type { StorageId } from "../domain/ids.ts";

/** How a client names the storages of a backup: one, several, or none for the default. */
export interface StorageChoice {
  readonly storageId?: StorageId | null;
  /** All of them; the first is read first. */
  readonly storageIds?: readonly StorageId[] | null;
}

/** The storage that is read first (null: the default) and the others; that they exist is the caller's to see. */
export function checkedChoice({ storageId, storageIds }: StorageChoice): { first: StorageId | null; others: readonly StorageId[] } {
  if (!storageIds) return { first: storageId ?? null, others: [] };
  if (storageId) throw badInput("Name one storage by `storageId`, or all of them by `storageIds`.", "Leave one of the two out.");
  const [first, ...others] = storageIds;
  if (first === undefined) throw badInput("`storageIds` names no storage.", "Leave it out for the default storage.");
  if (new Set(storageIds).size < storageIds.length) throw badInput("`storageIds` names a storage twice.", "Name each of them once.");
  return { first, others };
}
