import type { Db } from "../db/client.ts";
import * as db from "../db/copies.ts";
import { copyRetryAt } from "../domain/copy.ts";
import { Failure } from "../domain/errors.ts";
import type { BackupId, CopyId, StorageId } from "../domain/ids.ts";
import type { Bus } from "../events/bus.ts";
import type { Storages } from "./storages.ts";

interface Dependencies {
  readonly catalog: Db;
  readonly bus: Bus;
  readonly storages: Pick<Storages, "open">;
  readonly now: () => Date;
  readonly onError: (error: unknown) => void;
  readonly reserve: (
    actor: string,
    backupId: BackupId,
    storageId: StorageId,
    mayBegin: (tx: Db) => Promise<boolean>,
  ) => Promise<CopyId | null>;
}

/** So many copies to one storage wait or run at a time that nobody asked for: an operation each, in small helpings. */
const atOnce = 3;
const looked = 500;
const postponedMinutes = 15;

/** Copies that are made by themselves, where a backup is to lie on a storage and does not. */
export function createCopyMaking({ catalog, bus, storages, now, onError, reserve }: Dependencies) {
  /** A storage that cannot be used makes no operation that could only fail: what is due there waits. */
  async function isUsable(storageId: StorageId): Promise<boolean> {
    try {
      await (await storages.open(storageId)).free();
      return true;
    } catch (error) {
      if (!(error instanceof Failure)) onError(error);
      await db.postponeCopies(catalog, storageId, now(), new Date(now().getTime() + postponedMinutes * 60_000));
      return false;
    }
  }

  async function make({ backupId, storageId }: db.BackupCopyRow): Promise<void> {
    await reserve("Holdfast", backupId, storageId, async (tx) => {
      const state = (await db.findBackupCopy(tx, backupId, storageId))?.state;
      return state === "FAILED" || state === "WAITING";
    }).catch((error: unknown) => {
      // Deleted, or begun by somebody else, since it was looked up.
      if (!(error instanceof Failure)) throw error;
    });
  }

  return {
    async makeDue(): Promise<void> {
      const due = Map.groupBy(await db.listDueCopies(catalog, now(), looked), ({ storageId }) => storageId);
      if (due.size === 0) return;
      const active = await db.countActiveCopies(catalog);
      for (const [storageId, copies] of due) {
        const places = atOnce - (active.get(storageId) ?? 0);
        if (places <= 0 || !(await isUsable(storageId))) continue;
        for (const copy of copies.slice(0, places)) await make(copy);
      }
    },

    /** A copy has ended: one that failed is made again later; one that somebody cancelled is not. */
    async ended({ backupId, storageId, status, errorMessage, cancelRequested, startedAt }: db.CopyRow): Promise<void> {
      bus.publish("backup", { id: backupId });
      if (status !== "FAILED" && status !== "CANCELLED") return;
      const copy = await db.findBackupCopy(catalog, backupId, storageId);
      if (copy?.state !== "WAITING") return;
      if ((await db.listActiveCopiesOf(catalog, backupId)).some((one) => one.storageId === storageId)) return;
      const failed = status === "FAILED";
      const attempts = copy.attempts + (failed ? 1 : 0);
      // Without anybody's asking, an operation is cancelled only where Holdfast is stopped while it runs.
      const unwanted = cancelRequested || startedAt === null;
      const retryAt = failed ? copyRetryAt(attempts, now()) : unwanted ? null : now();
      await db.changeBackupCopy(catalog, copy, { state: "FAILED", problem: errorMessage, attempts, retryAt });
      await db.refreshCopyWarnings(catalog, backupId);
    },
  };
}
