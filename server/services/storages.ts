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
import { directoryOf, locationOf } from "../domain/storage.ts";
import { makeLocalRoot, withoutLinks } from "../engine/storage/local.ts";
import type { Storage } from "../engine/storage/storage.ts";
import type { Bus } from "../events/bus.ts";
import type { Audit } from "./audit.ts";
import type { StorageAccess } from "./storage-access.ts";
import { createStorageChecks } from "./storage-checks.ts";
import type { StorageMarks } from "./storage-marks.ts";
import { createStoragePlacing } from "./storage-placing.ts";
import type { CheckedStorage, StorageRequest } from "./storage-request.ts";
import { describeStorages, type StorageState, type StorageUse } from "./storage-state.ts";
import { uniqueName } from "./unique-name.ts";
import { watching } from "./watch.ts";

export type { StorageRequest } from "./storage-request.ts";
export type { StorageState } from "./storage-state.ts";

interface Dependencies {
  readonly db: Db;
  readonly bus: Bus;
  readonly audit: Audit;
  readonly access: StorageAccess;
  readonly marks: StorageMarks;
  /** Holdfast's own folder, and the folders that local storages may be in; none: anywhere. */
  readonly bounds: { readonly home: string; readonly roots: readonly string[] };
  readonly now: () => Date;
  /** What each storage holds; read anew each time, where nobody keeps it. */
  readonly use?: () => Promise<StorageUse>;
  /** False where what is done may be taken back: then the first use marks a new storage. */
  readonly mark?: boolean;
}

export type Storages = ReturnType<typeof createStorages>;

/** Where backups are kept. */
export function createStorages({ db, bus, audit, access, marks, bounds, now, use = () => storageUse(db), mark = true }: Dependencies) {
  const placing = createStoragePlacing({ db, access, marks, bounds, mark });

  const existing = async (id: StorageId): Promise<StorageRow> => {
    const row = await findStorage(db, id);
    if (!row) throw notFound("storage", id);
    return row;
  };

  const describe = (rows: readonly StorageRow[]) => describeStorages(rows, { db, use, access });

  const described = async (id: StorageId): Promise<StorageState> => {
    const [state] = await describe([await existing(id)]);
    if (!state) throw notFound("storage", id);
    return state;
  };

  return {
    ...createStorageChecks({ db, access, placing }),
    describe,
    existing,
    capacity: access.capacity,
    lookOf: access.lookOf,
    secretsOf: access.secretsOf,

    async list(actor: Actor | null): Promise<StorageState[]> {
      allow(actor, "read");
      return describe(await listStorages(db));
    },

    /** Each change of any storage, and of how it fares, from now on. */
    async watchChanges(actor: Actor | null) {
      allow(actor, "read");
      return watching(bus.subscribe("storage"), async function* (events) {
        for await (const { id } of events) {
          const row = await findStorage(db, id);
          if (row) yield* await describe([row]);
        }
      });
    },

    async create(actor: Actor | null, request: StorageRequest): Promise<StorageState> {
      allow(actor, "configure");
      const wanted = await placing.checked(request, null);
      const { name, kind, config, secrets, sizeCapBytes, bytesPerSecond } = wanted;
      const others = await listStorages(db);
      // Before anything is touched; the row's own index has the last word.
      if (others.some((row) => row.name === name))
        throw new Failure("CONFLICT", `There is already a storage named ${name}.`, "Choose another name.");
      const id = newId<StorageId>();
      const marked = await placing.settleNew(id, wanted);
      const values = { id, name, kind, config, secret: access.seal(id, secrets), sizeCapBytes, bytesPerSecond, ...marked };
      await uniqueName("storage", name, () => insertStorage(db, { ...values, isDefault: others.length === 0, createdAt: now() }));
      if (request.isDefault) await setDefaultStorage(db, id);
      await audit.record(actor, "storage.create", name, { ...audited(wanted), isDefault: request.isDefault });
      access.note(id, null);
      return described(id);
    },

    async update(actor: Actor | null, id: StorageId, request: StorageRequest): Promise<StorageState> {
      allow(actor, "configure");
      const row = await existing(id);
      const wanted = await placing.checked(request, row);
      const { name, kind, config, secrets, sizeCapBytes, bytesPerSecond } = wanted;
      const reaches = placing.differs(row, wanted) || request.adopt === true;
      // A name, a cap or a speed can change while the storage is away.
      const settled = reaches ? await placing.settleAgain(row, wanted, request.adopt === true) : {};
      const sealed = reaches ? { secret: access.seal(id, secrets) } : {};
      const values = { name, kind, config, sizeCapBytes, bytesPerSecond, ...settled, ...sealed };
      await uniqueName("storage", name, () => updateStorageRow(db, id, values));
      if (request.isDefault) await setDefaultStorage(db, id);
      await audit.record(actor, "storage.update", name, { ...audited(wanted), isDefault: request.isDefault, adopt: request.adopt });
      if (reaches) {
        access.forget(id);
        access.note(id, null);
      } else bus.publish("storage", { id });
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
      access.forget(id);
      await audit.record(actor, "storage.delete", row.name);
      bus.publish("storage", { id });
      return true;
    },

    /** The one that is named, or the default. */
    async choose(id: StorageId | null): Promise<StorageRow> {
      if (id) return existing(id);
      const rows = await listStorages(db);
      const chosen = rows.find((row) => row.isDefault) ?? (rows.length === 1 ? rows[0] : undefined);
      if (!chosen) throw badInput("There is no default storage.", "Name one by `storageId`, or make one the default.");
      return chosen;
    },

    /** The storage, ready to be used; STORAGE_UNAVAILABLE where something else lies in its place. */
    open: async (id: StorageId): Promise<Storage> => access.open(await existing(id)),

    /** Makes the first storage, once; answers whether one is in that folder. */
    async adopt(directory: string): Promise<boolean> {
      const [rows, real] = [await listStorages(db), await withoutLinks(directory)];
      if (rows.length > 0) return rows.some((row) => [directory, real].includes(directoryOf(row) ?? ""));
      await makeLocalRoot(real);
      const place = { kind: "LOCAL", config: { directory: real } } as const;
      await insertStorage(db, { id: newId<StorageId>(), name: "This machine", ...place, isDefault: true, createdAt: now() });
      return true;
    },
  };
}

/** What the audit says of a storage: where it is and whose account is used, never with what. */
const audited = ({ kind, config, sizeCapBytes, bytesPerSecond }: CheckedStorage) => ({
  ...(kind === "LOCAL" ? config : { location: locationOf(kind, config) }),
  sizeCapBytes,
  bytesPerSecond,
});
