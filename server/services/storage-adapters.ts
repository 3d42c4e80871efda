import { isDeepStrictEqual } from "node:util";
import { Failure } from "../domain/errors.ts";
import type { StorageId } from "../domain/ids.ts";
import type { LocalStorageConfig, S3StorageConfig, SftpStorageConfig, StorageAddress } from "../domain/storage.ts";
import { limited } from "../engine/storage/limited.ts";
import { localStorage } from "../engine/storage/local.ts";
import { retrying } from "../engine/storage/retrying.ts";
import { sftpStorage } from "../engine/storage/sftp.ts";
import type { Storage } from "../engine/storage/storage.ts";

/** A storage as it is reached: where, with what, how fast, and past which guard. */
export interface Reached extends StorageAddress {
  readonly bytesPerSecond: number | null;
  /** Hosts and networks that are not public and may be connected to all the same. */
  readonly allowed: readonly string[];
}

interface Dependencies {
  /** Hears of each call that is tried again. */
  readonly warn: (message: string) => void;
  /** Stands before each storage. */
  readonly adapt?: AdaptStorage;
}

export type AdaptStorage = (storage: Storage, id: StorageId) => Storage;

export type StorageAdapters = ReturnType<typeof createStorageAdapters>;

/** The adapters of the storages, each kept for as long as nothing about how it is reached changes. */
export function createStorageAdapters({ warn, adapt = (storage) => storage }: Dependencies) {
  const kept = new Map<StorageId, { readonly reached: Reached; readonly storage: Promise<Storage> }>();
  const stopping = new AbortController();

  async function adapterOf(reached: Reached): Promise<Storage> {
    const { kind, config, bytesPerSecond } = reached;
    const onRetry = ({ call, message, waitMs }: { call: string; message: string; waitMs: number }) =>
      warn(`A storage is asked again in ${Math.round(waitMs)} ms (${call}): ${message}`);
    const whole =
      kind === "LOCAL"
        ? // A file system is tried again by what mounted it.
          localStorage((config as LocalStorageConfig).directory)
        : retrying(await remote(reached), { signal: stopping.signal, onRetry });
    return bytesPerSecond === null ? whole : limited(whole, bytesPerSecond);
  }

  return {
    /** The adapter that is used for this storage from now on. Work that is under way goes on with the one that it has. */
    of(id: StorageId, reached: Reached): Promise<Storage> {
      const before = kept.get(id);
      if (before && isDeepStrictEqual(before.reached, reached)) return before.storage;
      const storage = adapterOf(reached).then((adapter) => adapt(adapter, id));
      const opened = { reached, storage };
      kept.set(id, opened);
      // What cannot be opened is not kept.
      storage.catch(() => kept.get(id) === opened && kept.delete(id));
      return storage;
    },

    /** One for a look, before anything is stored. */
    once: adapterOf,

    forget: (id: StorageId) => void kept.delete(id),

    /** Waits for no storage any more. */
    close: () => stopping.abort(new Failure("STORAGE_UNAVAILABLE", "Holdfast is stopping.")),
  };
}

async function remote({ kind, config, secrets, allowed }: Reached): Promise<Storage> {
  const { secretAccessKey, password, privateKey } = secrets;
  if (kind === "S3") {
    if (secretAccessKey === undefined) throw secretMissing();
    // Its library takes a while to load, and most commands ask no bucket.
    const { s3Storage } = await import("../engine/storage/s3.ts");
    return s3Storage(config as S3StorageConfig, { secretAccessKey }, { allowed });
  }
  if (password === undefined && privateKey === undefined) throw secretMissing();
  return sftpStorage(config as SftpStorageConfig, secrets);
}

const secretMissing = () =>
  new Failure("KEY_MISSING", "The storage's secret is not in the catalog.", "Enter it again, in the storage's form.");
