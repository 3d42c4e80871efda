import type { StorageRow } from "../db/storages.ts";
import { Failure, messageOf } from "../domain/errors.ts";
import type { StorageId } from "../domain/ids.ts";
import type { LocalStorageConfig, StorageAddress, StorageSecrets } from "../domain/storage.ts";
import { withoutLinks } from "../engine/storage/local.ts";
import type { Storage } from "../engine/storage/storage.ts";
import { watched } from "../engine/storage/watched.ts";
import { storageContext } from "./secret-contexts.ts";
import type { Secrets } from "./secrets.ts";
import type { OwnedSettings } from "./settings.ts";
import type { StorageAdapters } from "./storage-adapters.ts";
import { type Capacity, type StorageLook, type StorageLooks, within } from "./storage-looks.ts";
import type { StorageMarks } from "./storage-marks.ts";

interface Dependencies {
  readonly secrets: Secrets;
  /** Keeps a secret out of the log from now on. */
  readonly conceal: (secret: string) => void;
  readonly settings: Pick<OwnedSettings, "current">;
  readonly adapters: StorageAdapters;
  readonly marks: StorageMarks;
  readonly looks: StorageLooks;
  readonly now: () => Date;
}

export type StorageAccess = ReturnType<typeof createStorageAccess>;

/** The room on a disk is asked for each time; elsewhere each question is a connection. */
const freshMilliseconds = { LOCAL: 0, S3: 60_000, SFTP: 60_000 } as const;
/** A look that takes longer is told as one that failed; it goes on, and its answer counts when it comes. */
const longestLookMilliseconds = 30_000;

/** Reaches storages, and keeps what is found out about each on the way. */
export function createStorageAccess({ secrets, conceal, settings, adapters, marks, looks, now }: Dependencies) {
  /** What is secret of it, in clear: for its adapter only. */
  function secretsOf({ id, secret }: Pick<StorageRow, "id" | "secret">): StorageSecrets {
    const clear: StorageSecrets = secret === null ? {} : JSON.parse(secrets.open(secret, storageContext(id)));
    hide(clear);
    return clear;
  }

  function hide(clear: StorageSecrets): void {
    for (const each of Object.values(clear)) if (typeof each === "string") conceal(each);
  }

  const reach = async (address: StorageAddress, bytesPerSecond: number | null) => {
    hide(address.secrets);
    return { ...address, bytesPerSecond, allowed: (await settings.current()).allowedEndpoints };
  };

  /** The folder that an earlier version kept as it was written may have links in it: where they lead is kept from now on. */
  async function placed(row: StorageRow): Promise<StorageRow> {
    if (row.kind !== "LOCAL" || row.markerId !== null) return row;
    return { ...row, config: { directory: await withoutLinks((row.config as LocalStorageConfig).directory) } };
  }

  /** The adapter for the storage, whatever lies there now. */
  async function adapterOf(row: StorageRow): Promise<Storage> {
    const { kind, config, bytesPerSecond } = row;
    return adapters.of(row.id, await reach({ kind, config, secrets: secretsOf(row) }, bytesPerSecond));
  }

  async function open(row: StorageRow): Promise<Storage> {
    try {
      const found = await placed(row);
      const storage = await adapterOf(found);
      await marks.confirm(found, storage);
      return watched(storage, (problem) => looks.note(row.id, problem));
    } catch (error) {
      if (error instanceof Failure) looks.note(row.id, error);
      throw error;
    }
  }

  /** Looks whether it can be used, and keeps what was found. */
  async function look(row: StorageRow): Promise<StorageLook> {
    const late = new Failure(
      "STORAGE_UNAVAILABLE",
      `The storage ${row.name} has not answered within ${longestLookMilliseconds / 1000} seconds.`,
      "Look whether it, and the way to it, is up.",
    );
    const work = open(row)
      .then((storage) => storage.check())
      .then(
        () => null,
        (error: unknown) =>
          error instanceof Failure ? error : new Failure("STORAGE_UNAVAILABLE", messageOf(error), undefined, { cause: error }),
      );
    const problem = await within(longestLookMilliseconds, work, late);
    looks.note(row.id, problem);
    return looks.of(row.id);
  }

  return {
    secretsOf,
    open,
    look,

    seal(id: StorageId, clear: StorageSecrets): string | null {
      hide(clear);
      return Object.keys(clear).length === 0 ? null : secrets.seal(JSON.stringify(clear), storageContext(id));
    },

    /** An adapter for an address that is not stored, or not yet. */
    once: async (address: StorageAddress): Promise<Storage> => adapters.once(await reach(address, null)),

    /** Its room, without waiting long for it. */
    async capacity(row: StorageRow): Promise<Capacity> {
      // What is free below an empty mount point is another disk's.
      if (looks.of(row.id).problem?.reason === "STORAGE_NOT_MOUNTED") return { free: null, total: null };
      return looks.capacity(row.id, async () => adapterOf(await placed(row)), freshMilliseconds[row.kind]);
    },

    /** What was found in the last `freshMilliseconds`, else what is found now. */
    async looked(row: StorageRow, freshMilliseconds: number): Promise<StorageLook> {
      const known = looks.of(row.id);
      const age = known.checkedAt ? Math.abs(now().getTime() - known.checkedAt.getTime()) : Number.POSITIVE_INFINITY;
      return age < freshMilliseconds ? known : look(row);
    },

    lookOf: looks.of,
    note: looks.note,

    /** Something about how it is reached has changed, or all of it is gone. */
    forget(id: StorageId): void {
      adapters.forget(id);
      marks.forget(id);
      looks.forget(id);
    },
  };
}
