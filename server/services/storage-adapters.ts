import { isDeepStrictEqual } from "node:util";
import { Failure } from "../domain/errors.ts";
import type { StorageId } from "../domain/ids.ts";
import type { LocalStorageConfig, StorageAddress } from "../domain/storage.ts";
import { limited } from "../engine/storage/limited.ts";
import { localStorage } from "../engine/storage/local.ts";
import { retrying } from "../engine/storage/retrying.ts";
import type { Storage } from "../engine/storage/storage.ts";

/** A storage as it is reached: where, with what, how fast, and past which guard. */
export interface Reached extends StorageAddress {
  readonly bytesPerSecond: number | null;
  /** Hosts and networks that are not public and may be connected to all the same. */
  readonly allowed: readonly string[];
}

export type StorageAdapters = ReturnType<typeof createStorageAdapters>;

/** The adapters of the storages, each kept for as long as nothing about how it is reached changes. */
export function createStorageAdapters() {
  const kept = new Map<StorageId, { readonly reached: Reached; readonly storage: Storage }>();
  return {
    /** The adapter that is used for this storage from now on. Work that is under way goes on with the one that it has. */
    of(id: StorageId, reached: Reached): Storage {
      const before = kept.get(id);
      if (before && isDeepStrictEqual(before.reached, reached)) return before.storage;
      const storage = adapterOf(reached);
      kept.set(id, { reached, storage });
      return storage;
    },

    /** One for a look, before anything is stored. */
    once: adapterOf,

    forget: (id: StorageId) => void kept.delete(id),
  };
}

function adapterOf(reached: Reached): Storage {
  const { kind, config, bytesPerSecond } = reached;
  // A file system on this machine is tried again by whoever mounted it.
  const whole = kind === "LOCAL" ? localStorage((config as LocalStorageConfig).directory) : retrying(remote(reached));
  return bytesPerSecond === null ? whole : limited(whole, bytesPerSecond);
}

function remote({ kind }: Reached): Storage {
  throw new Failure("BAD_USER_INPUT", `Storages of the kind ${kind} are not there yet.`);
}
