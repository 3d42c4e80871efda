import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findBackup } from "../../server/db/backups.ts";
import { type BackupCopyRow, listCopiesOf } from "../../server/db/copies.ts";
import { readLog } from "../../server/db/operations.ts";
import type { BackupId, StorageId } from "../../server/domain/ids.ts";
import { localStorage } from "../../server/engine/storage/local.ts";
import type { BackupRequest } from "../../server/services/backups.ts";
import { all } from "./all.ts";
import { type FaultyStorage, faulty, type Line } from "./faulty-storage.ts";
import { administrator, wired } from "./wired.ts";

/** The whole application with two local storages, Near (the default) and Far, and a media source; each storage with a script of faults. */
export async function severalStorages(start = new Date("2026-11-22T03:00:00.000Z")) {
  const [scripts, adapters] = [new Map<string, Line[]>(), new Map<string, FaultyStorage>()];
  const scriptOf = (id: string) => scripts.get(id) ?? scripts.set(id, []).get(id) ?? [];
  const app = await wired(start, (storage, id) => {
    const adapter = faulty(storage, scriptOf(id));
    adapters.set(id, adapter);
    return adapter;
  });
  const folder = await mkdtemp(join(tmpdir(), "holdfast-storages-"));
  const { services, catalog } = app.app;
  const add = async (name: string): Promise<StorageId> => {
    const local = { directory: join(folder, name) };
    return (await services.storages.create(administrator, { name, kind: "LOCAL", local, isDefault: name === "Near" })).id;
  };
  const [near, far] = [await add("Near"), await add("Far")];
  const sourceId = await app.addMedia("shop");
  const nameOf = (id: StorageId) => (id === near ? "Near" : "Far");

  return {
    ...{ app, near, far, sourceId, folder, services, db: catalog.db },
    adapter: (id: StorageId): FaultyStorage | undefined => adapters.get(id),
    /** From now on this goes wrong on the storage; with no lines all works again. */
    breaks(id: StorageId, ...lines: readonly Line[]): void {
      scriptOf(id).splice(0, Number.POSITIVE_INFINITY, ...lines);
    },
    /** A backup of the source, taken, and what followed from it. */
    async take(request: Partial<BackupRequest> = {}): Promise<BackupId> {
      const { id } = await services.backups.create(
        administrator,
        { type: "MEDIA", sourceId, storageIds: [near, far], ...request },
        "MANUAL",
      );
      await app.performAll();
      return id;
    },
    existing: (id: BackupId) => findBackup(catalog.db, id),
    /** Where it is said to be: `Near STORED, Far FAILED: …`. */
    async copies(id: BackupId): Promise<string> {
      const told = (copy: BackupCopyRow) => `${nameOf(copy.storageId)} ${copy.state}${copy.problem === null ? "" : `: ${copy.problem}`}`;
      return (await listCopiesOf(catalog.db, id))
        .map(told)
        .toSorted((a, b) => b.localeCompare(a))
        .join(", ");
    },
    copyOf: async (id: BackupId, storageId: StorageId) => (await listCopiesOf(catalog.db, id)).find((copy) => copy.storageId === storageId),
    /** The names of all that lies on the storage, but its own marks. */
    async files(id: StorageId): Promise<string[]> {
      const entries = await all(localStorage(join(folder, nameOf(id))).list(""));
      return entries.map(({ name }) => name).filter((name) => !name.startsWith(".holdfast/"));
    },
    bytes: (id: StorageId, name: string) => readFile(join(folder, nameOf(id), name)),
    path: (id: StorageId, name: string) => join(folder, nameOf(id), name),
    log: async (id: BackupId) => (await readLog(catalog.db, id, 0)).map(({ level, message }) => `${level} ${message}`),
    pass(milliseconds: number): void {
      app.setClock(new Date(app.now().getTime() + milliseconds));
    },
    async [Symbol.asyncDispose]() {
      await app[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
export type SeveralStorages = Awaited<ReturnType<typeof severalStorages>>;
