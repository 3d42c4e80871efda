import type { StoredBackup } from "../stored-content.ts";

/** Where an incremental backup of media keeps its content, and what it may build on. */
export interface PackBase {
  /** The folder of the source's packs on the storage, such as `shop/packs`. */
  readonly folder: string;
  /**
   * An earlier incremental backup, whole on every storage of this one and sealed for the same recipients: what it holds is
   * not stored again. Null: everything is stored.
   */
  readonly previous: StoredBackup | null;
}
