import { isDeepStrictEqual } from "node:util";
import type { Db } from "../db/client.ts";
import { listSources } from "../db/sources.ts";
import { listStorages, type StorageRow, storageIsUsed } from "../db/storages.ts";
import { Failure } from "../domain/errors.ts";
import { newId, type StorageId } from "../domain/ids.ts";
import { directoryOf, type LocalStorageConfig, locationOf, type StorageSecrets } from "../domain/storage.ts";
import { checkLocalBounds } from "../domain/storage-check-local.ts";
import { makeLocalRoot, withoutLinks } from "../engine/storage/local.ts";
import { readMarker } from "../engine/storage/marker.ts";
import type { Storage } from "../engine/storage/storage.ts";
import type { StorageAccess } from "./storage-access.ts";
import type { StorageMarks } from "./storage-marks.ts";
import { type CheckedStorage, checkStorageRequest, type StorageRequest, samePlace } from "./storage-request.ts";

interface Dependencies {
  readonly db: Db;
  readonly access: StorageAccess;
  readonly marks: StorageMarks;
  /** Holdfast's own folder, and the folders that local storages may be in; none: anywhere. */
  readonly bounds: { readonly home: string; readonly roots: readonly string[] };
  /** False where what is done may be taken back: then the first use marks the storage. */
  readonly mark: boolean;
}

export type StoragePlacing = ReturnType<typeof createStoragePlacing>;

type Place = Pick<StorageRow, "kind" | "config">;
type Marked = Pick<StorageRow, "markerId" | "shared">;

const isAt = (one: Place, other: Place) => one.kind === other.kind && samePlace(one.kind, one.config, other.config);

/** Decides whether a storage can be where somebody wants it to be, and settles it there. */
export function createStoragePlacing({ db, access, marks, bounds, mark }: Dependencies) {
  /** Two storages at one place would count each backup twice, and a second copy there would be none. */
  async function refuseTaken(own: StorageId | null, isSame: (row: StorageRow) => boolean): Promise<void> {
    const other = (await listStorages(db)).find((row) => row.id !== own && isSame(row));
    if (other)
      throw new Failure("CONFLICT", `This is the place of the storage ${other.name}.`, "Use that storage, or choose another place.");
  }

  /** Marks the place of a storage, or takes over the mark that is there. */
  async function claim(own: StorageId, storage: Storage): Promise<Marked> {
    if (!mark) return { markerId: null, shared: false };
    const fresh = newId<StorageId>();
    const markerId = await marks.claim(fresh, storage);
    await refuseTaken(own, (row) => row.markerId === markerId);
    return { markerId, shared: markerId !== fresh };
  }

  /** A disk that is mounted elsewhere now brings its mark along; without it a storage with backups stays where it is. */
  async function checkBrought(row: StorageRow, { kind }: CheckedStorage, storage: Storage): Promise<void> {
    const found = await readMarker(storage).catch(() => null);
    if (row.markerId !== null && found?.id === row.markerId) return;
    throw new Failure(
      "CONFLICT",
      `This storage already holds backups, so its ${kind === "LOCAL" ? "folder" : "place"} cannot change.`,
      "Add a second storage for the new place. One that was moved there as a whole, with its folder .holdfast, is known by that.",
    );
  }

  function secretsOf(row: StorageRow): StorageSecrets | null {
    try {
      return access.secretsOf(row);
    } catch {
      // They do not open, so whatever is given instead is new.
      return null;
    }
  }

  return {
    /** The request, complete, with a local folder as it is without links in it; refused where it may not be. */
    async checked(request: StorageRequest, row: StorageRow | null): Promise<CheckedStorage> {
      const wanted = checkStorageRequest(request, row && { ...row, secrets: () => access.secretsOf(row) });
      if (wanted.kind !== "LOCAL") return wanted;
      const directory = await withoutLinks((wanted.config as LocalStorageConfig).directory);
      if (row && directoryOf(row) === directory) return { ...wanted, config: { directory } };
      const mediaFolders = (await listSources(db)).flatMap(({ name, mediaPaths }) => mediaPaths.map((path) => ({ source: name, path })));
      checkLocalBounds(directory, { home: await withoutLinks(bounds.home), roots: bounds.roots, mediaFolders });
      return { ...wanted, config: { directory } };
    },

    /** Whether the storage would be reached otherwise than it is. */
    differs: (row: StorageRow, wanted: CheckedStorage): boolean =>
      row.kind !== wanted.kind || !isDeepStrictEqual(row.config, wanted.config) || !isDeepStrictEqual(secretsOf(row), wanted.secrets),

    /** Proves that a new storage can be used, and marks it. */
    async settleNew(id: StorageId, wanted: CheckedStorage): Promise<Marked> {
      await refuseTaken(null, (row) => isAt(row, wanted));
      if (wanted.kind === "LOCAL") await makeLocalRoot(locationOf(wanted.kind, wanted.config));
      const storage = await access.once(wanted);
      await storage.check();
      return claim(id, storage);
    },

    /** Proves that a storage can be used where it is to be from now on, and that what it holds lies there. */
    async settleAgain(row: StorageRow, wanted: CheckedStorage, adopt: boolean): Promise<Partial<Marked>> {
      const [used, moves] = [await storageIsUsed(db, row.id), !isAt(row, wanted)];
      if (moves) await refuseTaken(row.id, (other) => isAt(other, wanted));
      if (moves && !used && wanted.kind === "LOCAL") await makeLocalRoot(locationOf(wanted.kind, wanted.config));
      const storage = await access.once(wanted);
      if (moves && used) await checkBrought(row, wanted, storage);
      await storage.check();
      if (moves ? !used : adopt) return claim(row.id, storage);
      marks.forget(row.id);
      await marks.confirm({ ...row, kind: wanted.kind, config: wanted.config }, storage);
      return {};
    },
  };
}
