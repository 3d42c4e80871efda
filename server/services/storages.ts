import { isAbsolute, normalize, resolve } from "node:path";
import type { StorageKind } from "../../shared/enums.ts";
import { formatBytes } from "../../shared/format.ts";
import { limits } from "../../shared/limits.ts";
import type { Db } from "../db/client.ts";
import { scheduleOfStorage } from "../db/schedules.ts";
import {
  findStorage,
  insertStorage,
  listStorages,
  removeStorage,
  type StorageRow,
  setDefaultStorage,
  storageIsUsed,
  storageUse,
  updateStorageRow,
} from "../db/storages.ts";
import { type Actor, allow } from "../domain/access.ts";
import { badInput, Failure, notFound } from "../domain/errors.ts";
import { newId, type StorageId } from "../domain/ids.ts";
import { directoryOf } from "../domain/storage.ts";
import { localStorage, makeLocalRoot } from "../engine/storage/local.ts";

import type { Storage } from "../engine/storage/storage.ts";
import type { Audit } from "./audit.ts";
import { uniqueName } from "./unique-name.ts";

export interface StorageRequest {
  readonly name: string;
  readonly kind: StorageKind;
  readonly local?: { readonly directory: string } | null;
  readonly isDefault?: boolean | null;
  /** The most that its backups may take; null: no cap. */
  readonly sizeCapBytes?: number | null;
}

/** A storage with what it holds now. */
export interface StorageState extends StorageRow {
  readonly usedBytes: number;
  readonly backupCount: number;
  readonly freeBytes: number | null;
}

interface Dependencies {
  readonly db: Db;
  readonly audit: Audit;
  readonly now: () => Date;
  /** What each storage holds; read anew each time, where nobody keeps it. */
  readonly use?: () => Promise<ReadonlyMap<StorageId, { readonly bytes: number; readonly backups: number }>>;
}

export type Storages = ReturnType<typeof createStorages>;

/** Where backups are kept. */
export function createStorages({ db, audit, now, use = () => storageUse(db) }: Dependencies) {
  const existing = async (id: StorageId): Promise<StorageRow> => {
    const row = await findStorage(db, id);
    if (!row) throw notFound("storage", id);
    return row;
  };

  async function describe(rows: readonly StorageRow[]): Promise<StorageState[]> {
    const used = await use();
    return Promise.all(
      rows.map(async (row) => ({
        ...row,
        usedBytes: used.get(row.id)?.bytes ?? 0,
        backupCount: used.get(row.id)?.backups ?? 0,
        // A storage that is away is still listed; how much it has left is then unknown.
        freeBytes: await adapterOf(row)
          .free()
          .catch(() => null),
      })),
    );
  }

  const described = async (id: StorageId): Promise<StorageState> => {
    const [state] = await describe([await existing(id)]);
    if (!state) throw notFound("storage", id);
    return state;
  };

  return {
    describe,

    async list(actor: Actor | null): Promise<StorageState[]> {
      allow(actor, "read");
      return describe(await listStorages(db));
    },

    async create(actor: Actor | null, request: StorageRequest): Promise<StorageState> {
      allow(actor, "configure");
      const { name, directory, sizeCapBytes } = checked(request);
      await makeLocalRoot(directory);
      await localStorage(directory).check();
      const first = (await listStorages(db)).length === 0;
      const row = {
        id: newId<StorageId>(),
        name,
        kind: request.kind,
        config: { directory },
        isDefault: first,
        sizeCapBytes: sizeCapBytes ?? null,
        createdAt: now(),
      };
      await uniqueName("storage", name, () => insertStorage(db, row));
      if (request.isDefault) await setDefaultStorage(db, row.id);
      await audit.record(actor, "storage.create", name, { directory, sizeCapBytes, isDefault: request.isDefault });
      return described(row.id);
    },

    async update(actor: Actor | null, id: StorageId, request: StorageRequest): Promise<StorageState> {
      allow(actor, "configure");
      const row = await existing(id);
      const { name, directory, sizeCapBytes = row.sizeCapBytes } = checked(request);
      if (directory !== directoryOf(row) && (await storageIsUsed(db, id)))
        throw new Failure(
          "CONFLICT",
          "This storage already holds backups, so its folder cannot change.",
          "Add a second storage with the new folder.",
        );
      if (directory !== directoryOf(row)) await makeLocalRoot(directory);
      await localStorage(directory).check();
      await uniqueName("storage", name, () => updateStorageRow(db, id, { name, config: { directory }, sizeCapBytes }));
      if (request.isDefault) await setDefaultStorage(db, id);
      await audit.record(actor, "storage.update", name, { directory, sizeCapBytes, isDefault: request.isDefault });
      return described(id);
    },

    async remove(actor: Actor | null, id: StorageId): Promise<boolean> {
      allow(actor, "configure");
      const row = await existing(id);
      if (await storageIsUsed(db, id))
        throw new Failure("CONFLICT", `The storage ${row.name} still has backups.`, "Delete its backups first.");
      if (row.isDefault && (await listStorages(db)).length > 1)
        throw new Failure("CONFLICT", `${row.name} is the default storage.`, "Make another storage the default first.");
      const schedule = await scheduleOfStorage(db, id, row.isDefault);
      if (schedule !== null)
        throw new Failure(
          "CONFLICT",
          `The schedule ${schedule} uses the storage ${row.name}.`,
          "Delete that schedule, or give it another storage.",
        );
      await removeStorage(db, id);
      await audit.record(actor, "storage.delete", row.name);
      return true;
    },

    /** Proves that the storage can be written, read and removed from; the problem is in the answer. */
    async check(
      actor: Actor | null,
      id: StorageId | null,
      request: StorageRequest | null,
    ): Promise<{ ok: boolean; message: string | null; hint: string | null }> {
      allow(actor, "check");
      const directory = request ? checked(request).directory : id ? directoryOf(await existing(id)) : null;
      if (directory === null) throw badInput("Name a storage by id, or give an input to check.");
      if (request) allow(actor, "configure");
      try {
        await localStorage(directory).check();
        return { ok: true, message: null, hint: null };
      } catch (error) {
        if (error instanceof Failure) return { ok: false, message: error.message, hint: error.hint ?? null };
        throw error;
      }
    },

    /** The one that is named, or the default. */
    async choose(id: StorageId | null): Promise<StorageRow> {
      if (id) return existing(id);
      const rows = await listStorages(db);
      const chosen = rows.find((row) => row.isDefault) ?? (rows.length === 1 ? rows[0] : undefined);
      if (!chosen) throw badInput("There is no default storage.", "Name one by `storageId`, or make one the default.");
      return chosen;
    },

    open: async (id: StorageId): Promise<Storage> => adapterOf(await existing(id)),

    /** Makes the first storage, once. */
    async adopt(directory: string): Promise<void> {
      if ((await listStorages(db)).length > 0) return;
      await makeLocalRoot(resolve(directory));
      await insertStorage(db, {
        id: newId<StorageId>(),
        name: "This machine",
        kind: "LOCAL",
        config: { directory: resolve(directory) },
        isDefault: true,
        sizeCapBytes: null,
        createdAt: now(),
      });
    },
  };
}

/** Less than this is a slip of the unit: it would leave nothing but what is protected. */
const smallestCap = 1_000_000;

const adapterOf = (row: StorageRow): Storage => localStorage(directoryOf(row) ?? "");

function checked(request: StorageRequest): { name: string; directory: string; sizeCapBytes: number | null | undefined } {
  const name = request.name.trim();
  if (!name || name.length > limits.nameLength) throw badInput(`A storage's name has 1 to ${limits.nameLength} characters.`);
  const directory = request.local?.directory ?? "";
  if (!isAbsolute(directory) || directory.includes("\0") || /[\r\n]/.test(directory))
    throw badInput("The folder of a local storage is an absolute path.", "For example /var/backups/holdfast.");
  if (resolve(directory) === "/") throw badInput("The root folder cannot be a storage.", "Choose a folder of its own.");
  const { sizeCapBytes } = request;
  if (sizeCapBytes !== null && sizeCapBytes !== undefined && (!Number.isSafeInteger(sizeCapBytes) || sizeCapBytes < smallestCap))
    throw badInput(`A storage's cap is at least ${formatBytes(smallestCap)}.`, "Leave it out for no cap.");
  return { name, directory: normalize(resolve(directory)), sizeCapBytes };
}
