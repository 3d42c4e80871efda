import { type BackupRow, findBackup } from "../db/backups.ts";
import type { Db } from "../db/client.ts";
import * as db from "../db/copies.ts";
import { lockBackup } from "../db/deletions.ts";
import { type Actor, allow, describeActor } from "../domain/access.ts";
import { badInput, Failure, notFound } from "../domain/errors.ts";
import { type BackupId, type CopyId, newId, type StorageId } from "../domain/ids.ts";
import type { Bus } from "../events/bus.ts";
import type { Audit } from "./audit.ts";
import type { Backups } from "./backups.ts";
import { createCopyMaking } from "./copy-making.ts";
import { createCopyWork } from "./copy-work.ts";
import type { Deletions } from "./deletions.ts";
import type { Ended } from "./followers.ts";
import { whyInUse } from "./in-use.ts";
import type { Operations } from "./operations.ts";
import type { PackPruning } from "./pack-pruning.ts";
import type { Queue } from "./queue.ts";
import type { Storages } from "./storages.ts";
import type { StoredBackups } from "./stored-backups.ts";
import { watching } from "./watch.ts";

export type { BackupCopyRow, CopyRow } from "../db/copies.ts";

interface Dependencies {
  readonly catalog: Db;
  readonly bus: Bus;
  readonly audit: Audit;
  readonly operations: Operations;
  readonly backups: Pick<Backups, "existing" | "manifestOf">;
  readonly storages: Pick<Storages, "open" | "choose">;
  readonly storedBackups: Pick<StoredBackups, "choose">;
  readonly packs: Pick<PackPruning, "begin" | "finished">;
  readonly deletions: Pick<Deletions, "beginCopy" | "eraseCopy" | "tidy">;
  readonly queue: Queue;
  readonly now: () => Date;
  readonly onError: (error: unknown) => void;
}

export type Copies = ReturnType<typeof createCopies>;

/** Brings backups to further storages: when somebody asks, and by itself where a backup could not be written to all of its own. */
export function createCopies(dependencies: Dependencies) {
  const { catalog, bus, audit, operations, backups, storages, deletions, queue, now } = dependencies;
  const { copy, settle } = createCopyWork(dependencies);

  const existing = async (id: CopyId): Promise<db.CopyRow> => {
    const row = await db.findCopy(catalog, id);
    if (!row) throw notFound("copy", id);
    return row;
  };

  /** Writes a copy down as waiting; null where `mayBegin` says that there is none to be made (any more). */
  async function reserve(
    actor: string,
    backupId: BackupId,
    storageId: StorageId,
    mayBegin: (tx: Db, backup: BackupRow) => Promise<boolean>,
  ): Promise<CopyId | null> {
    const id = newId<CopyId>();
    const reserved = await catalog.transaction(
      async (tx) => {
        const backup = await lockBackup(tx, backupId);
        if (!backup) throw notFound("backup", backupId);
        if (backup.status !== "COMPLETED")
          throw badInput(`${backup.name} is not complete, so there is nothing to copy.`, "Choose a completed backup.");
        const active = (await db.listActiveCopiesOf(tx, backupId)).find((one) => one.storageId === storageId);
        if (active) throw new Failure("CONFLICT", `${backup.name} is being copied there.`, "Wait until that has ended, or cancel it.");
        if (!(await mayBegin(tx, backup))) return false;
        const before = await db.findBackupCopy(tx, backupId, storageId);
        await db.writeBackupCopy(tx, { backupId, storageId, state: "WAITING", retryAt: null, attempts: before?.attempts ?? 0 });
        await db.insertCopy(tx, { id, backupId, storageId, actor, status: "QUEUED", createdAt: now() });
        return true;
      },
      { isolationLevel: "read committed" },
    );
    if (!reserved) return null;
    bus.publish("copy", { id });
    bus.publish("backup", { id: backupId });
    await queue.add("copy", id);
    return id;
  }

  /** A copy that is damaged is made anew, from one that is not; that is read first from then on. */
  async function prepareRepair(
    tx: Db,
    backup: BackupRow,
    damaged: db.BackupCopyRow & { readonly where: string },
    all: readonly db.BackupCopyRow[],
  ): Promise<void> {
    if (damaged.problem === null) throw new Failure("CONFLICT", `${backup.name} is on ${damaged.where} already.`, "Nothing was copied.");
    const good = all.find(({ state, problem }) => state === "STORED" && problem === null);
    if (!good)
      throw new Failure(
        "CONFLICT",
        `${backup.name} is damaged on ${damaged.where}, and whole on no other storage.`,
        "Take a new backup. Keep this one until you have it: what is not damaged of it can be restored.",
        { reason: "NO_GOOD_COPY" },
      );
    const inUse = await whyInUse(tx, backup, now(), "Repair");
    if (inUse) throw inUse;
    if (backup.storageId === damaged.storageId) await db.setPrimary(tx, backup.id, good.storageId);
  }

  const making = createCopyMaking({ ...dependencies, reserve });

  return {
    existing,

    /** Brings a backup to one more storage, or anew to one where it is damaged; refused where it is whole already. */
    async create(actor: Actor | null, backupId: BackupId, storageId: StorageId): Promise<db.CopyRow> {
      allow(actor, "backup");
      const backup = await backups.existing(backupId);
      const storage = await storages.choose(storageId);
      const id = await reserve(describeActor(actor), backupId, storage.id, async (tx, held) => {
        const all = await db.listCopiesOf(tx, backupId);
        const present = all.find((one) => one.storageId === storage.id);
        if (present?.state === "STORED") await prepareRepair(tx, held, { ...present, where: storage.name }, all);
        if (present?.state === "DELETING")
          throw new Failure(
            "CONFLICT",
            `${storage.name} has not let go of an earlier copy of ${backup.name} yet.`,
            "Copy it when that is gone; it is tried again by itself.",
          );
        return true;
      });
      if (id === null) throw notFound("backup", backupId);
      await audit.record(actor, "backup.copy", backup.name, { id: backupId, storage: storage.name });
      return existing(id);
    },

    /** Removes a backup from one of its storages; refused for the last good copy, and while something needs it. */
    async remove(actor: Actor | null, backupId: BackupId, storageId: StorageId): Promise<BackupRow> {
      allow(actor, "deleteBackup");
      const backup = await backups.existing(backupId);
      const storage = await storages.choose(storageId);
      await deletions.beginCopy(backup, storage.id, (tx, held) => whyInUse(tx, held, now(), "Remove"));
      await audit.record(actor, "backup.removeCopy", backup.name, { id: backupId, storage: storage.name });
      await deletions.eraseCopy(backup, storage.id);
      await deletions.tidy();
      return backups.existing(backupId);
    },

    /** Carries out the copy that waits under `id`, as its operation. */
    async perform(id: CopyId): Promise<boolean> {
      const row = await db.findCopy(catalog, id);
      // It goes with its backup, whatever still waits to carry it out.
      return row !== null && operations.run(id, (work) => copy(row, work));
    },

    async find(actor: Actor | null, id: CopyId): Promise<db.CopyRow | null> {
      allow(actor, "read");
      return db.findCopy(catalog, id);
    },

    /** Each change of any copy from now on. */
    async watchChanges(actor: Actor | null) {
      allow(actor, "read");
      return watching(bus.subscribe("copy"), async function* (events) {
        for await (const { id } of events) {
          const row = await db.findCopy(catalog, id);
          if (row) yield row;
        }
      });
    },

    /** Decides what became of a copy whose worker is gone: null when it is whole. */
    settle: async (id: CopyId): Promise<Failure | null> => settle(await existing(id)),

    /** Writes down what a copy or a backup that ended without success means for the storages that it was for. */
    async follow({ kind, id }: Ended): Promise<void> {
      if (kind === "BACKUP") {
        const backup = await findBackup(catalog, id as BackupId);
        if (backup && (backup.status === "FAILED" || backup.status === "CANCELLED"))
          await db.failWaitingCopies(catalog, backup.id, backup.errorMessage);
      }
      if (kind === "COPY") await making.ended(await existing(id as CopyId));
    },

    /** Makes up for the copies that failed and whose time has come. */
    upkeep: making.makeDue,
  };
}
