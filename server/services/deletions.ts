import type { BackupRow } from "../db/backups.ts";
import type { Db } from "../db/client.ts";
import * as copies from "../db/copies.ts";
import { bury, findBuried, listDueTombstones, lockBackup, recordRefusal, removeBackup, removeCopyRow } from "../db/deletions.ts";
import { recountShares } from "../db/packs.ts";
import { lockSource } from "../db/sources.ts";
import { listStorages } from "../db/storages.ts";
import { Failure, messageOf, notFound } from "../domain/errors.ts";
import type { BackupId, SourceId, StorageId } from "../domain/ids.ts";
import { packsFolder } from "../domain/naming.ts";
import { isFinal } from "../domain/operation.ts";
import { discardBackup } from "../engine/backup.ts";
import type { Bus } from "../events/bus.ts";
import type { PackPruning } from "./pack-pruning.ts";
import type { Storages } from "./storages.ts";

interface Dependencies {
  readonly catalog: Db;
  readonly bus: Bus;
  readonly storages: Pick<Storages, "open">;
  readonly packs: Pick<PackPruning, "noteDeleted" | "pruneDue">;
  readonly now: () => Date;
  readonly onError: (error: unknown) => void;
}

export type Deletions = ReturnType<typeof createDeletions>;
type Named = { readonly id: BackupId; readonly sourceId: SourceId };
/** Looks at the catalog while nothing else can begin with the backup, and nothing else of its source be deleted. */
type Refusal = (tx: Db, row: BackupRow) => Promise<Failure | null>;

/** How many deletions one upkeep goes on with: the rest waits for the next, and hides behind nothing. */
const batch = 500;
const longestWait = 60;

/**
 * Deletes backups, by hand or by retention: the tombstone first, then on each storage the manifest, then the data, then what says
 * that it lies there, and the backup's row last. A crash leaves something to sweep, never a row that points at nothing. A storage
 * that refuses is asked again, less and less often; the others do not wait for it.
 */
export function createDeletions({ catalog, bus, storages, packs, now, onError }: Dependencies) {
  const retryAt = (attempts: number) => new Date(now().getTime() + Math.min(2 ** (attempts - 1), longestWait) * 60_000);

  /** Removes all that a storage has of the backup; why not, where it would not let go of it. */
  async function discard({ folder }: BackupRow, storageId: StorageId): Promise<string | null> {
    try {
      await discardBackup(await storages.open(storageId), folder);
      return null;
    } catch (error) {
      onError(new Error(`Could not delete ${folder} yet: ${messageOf(error)}`, { cause: error }));
      return messageOf(error);
    }
  }

  /** The same for one copy, and writes down what became of it unless it is the last: that goes with the backup's own row. */
  async function discardCopy(row: BackupRow, copy: copies.BackupCopyRow): Promise<{ problem: string | null; attempts: number }> {
    const problem = await discard(row, copy.storageId);
    const attempts = copy.state === "DELETING" ? copy.attempts + 1 : 1;
    if (problem !== null)
      await copies.changeBackupCopy(catalog, copy, { state: "DELETING", problem, attempts, retryAt: retryAt(attempts) });
    return { problem, attempts };
  }

  /** What it shared with others there may be needed by nobody now. */
  const noteShared = ({ sourceId, folder, addedSize }: BackupRow, storageIds: readonly StorageId[]): Promise<void> =>
    addedSize === null ? Promise.resolve() : packs.noteDeleted({ sourceId, folder: packsFolder(folder) }, storageIds);

  /** Removes what a tombstone stands for; why not all of it, where a storage would not let go. */
  async function erase(row: BackupRow): Promise<string | null> {
    const all = await copies.listCopiesOf(catalog, row.id);
    const due = all.filter((copy) => copy.state !== "DELETING" || copy.retryAt === null || copy.retryAt <= now());
    const done = await Promise.all(due.map(async (copy) => ({ copy, ...(await discardCopy(row, copy)) })));
    // Whatever its copies say, the storage that it was made for has nothing of it afterwards.
    const unlisted = all.length === 0 ? await discard(row, row.storageId) : null;
    const refused = done.filter(({ problem }) => problem !== null);
    await noteShared(
      row,
      all.length === 0 ? [row.storageId] : done.flatMap(({ copy, problem }) => (problem === null ? [copy.storageId] : [])),
    );
    if (unlisted === null && refused.length === 0 && due.length === all.length) {
      await removeBackup(catalog, row.id, now());
      bus.publish("backup", { id: row.id });
      return null;
    }
    for (const { copy, problem } of done) if (problem === null) await removeCopyRow(catalog, row, copy, now());
    const problem = unlisted ?? (await toldOf(refused.map((one) => ({ ...one.copy, problem: one.problem }))));
    const attempts = all.length === 0 ? row.deletionAttempts + 1 : Math.max(row.deletionAttempts, ...refused.map((one) => one.attempts));
    await recordRefusal(
      catalog,
      row.id,
      problem ?? row.deletionProblem,
      attempts,
      all.length === 0 ? retryAt(attempts) : await nextTry(row),
    );
    bus.publish("backup", { id: row.id });
    return problem;
  }

  /** When the first of the storages that still have it is asked again. */
  async function nextTry({ id }: BackupRow): Promise<Date> {
    const times = (await copies.listCopiesOf(catalog, id)).map((copy) => copy.retryAt?.getTime() ?? 0);
    return new Date(Math.min(...times));
  }

  /** What several storages say, each by its name. */
  async function toldOf(refused: readonly { readonly storageId: StorageId; readonly problem: string | null }[]): Promise<string | null> {
    if (refused.length <= 1) return refused[0]?.problem ?? null;
    const rows = await listStorages(catalog);
    return refused.map(({ storageId, problem }) => `${rows.find(({ id }) => id === storageId)?.name ?? storageId}: ${problem}`).join(" ");
  }

  /** Removes a copy that is DELETING while its backup lives on. */
  async function eraseCopy(row: BackupRow, storageId: StorageId): Promise<string | null> {
    const copy = await copies.findBackupCopy(catalog, row.id, storageId);
    if (copy?.state !== "DELETING") return null;
    const { problem } = await discardCopy(row, copy);
    if (problem === null) {
      await noteShared(row, [storageId]);
      await removeCopyRow(catalog, row, copy, now());
    }
    bus.publish("backup", { id: row.id });
    return problem;
  }

  async function locked<T>({ id, sourceId }: Named, refusal: Refusal, work: (tx: Db, held: BackupRow) => Promise<T>): Promise<T> {
    const done = await catalog.transaction(
      async (tx) => {
        await lockSource(tx, sourceId);
        const held = await lockBackup(tx, id);
        if (!held) throw notFound("backup", id);
        if (held.pinned) throw new Failure("CONFLICT", `${held.name} is pinned.`, "Unpin it first.", { reason: "PINNED" });
        if (!isFinal(held.status)) throw new Failure("CONFLICT", `${held.name} is still being taken.`, "Cancel it first.");
        const refused = await refusal(tx, held);
        if (refused) throw refused;
        return work(tx, held);
      },
      // What is looked at is what is there now, not when the transaction began.
      { isolationLevel: "read committed" },
    );
    bus.publish("backup", { id });
    return done;
  }

  return {
    erase,
    eraseCopy,

    /** Removes what backups shared that are gone now, and that nobody needs any more. To be called behind one or many erasures. */
    tidy: (): Promise<void> => packs.pruneDue(),

    /** Sets the tombstone; what `refusal` answers is thrown. */
    begin: (backup: Named, refusal: Refusal): Promise<BackupRow> =>
      locked(backup, refusal, async (tx, held) => {
        await bury(tx, [held.id], now());
        if (held.addedSize !== null) await recountShares(tx, held.sourceId);
        return held;
      }),

    /** The same for what is on one storage: never the last good copy. Another one is read first from then on. */
    beginCopy: (backup: Named, storageId: StorageId, refusal: Refusal): Promise<BackupRow> =>
      locked(backup, refusal, async (tx, held) => {
        const all = await copies.listCopiesOf(tx, held.id);
        const copy = all.find((one) => one.storageId === storageId);
        if (!copy) throw new Failure("NOT_FOUND", `${held.name} is not on this storage.`);
        const others = all.filter((one) => one !== copy && one.state === "STORED");
        const good = others.find(({ problem }) => problem === null);
        if (copy.state === "STORED" && !good)
          throw new Failure(
            "CONFLICT",
            `${held.name} has no other good copy.`,
            "Copy it to another storage first, or delete the backup itself.",
            { reason: "LAST_COPY" },
          );
        await copies.changeBackupCopy(tx, copy, { state: "DELETING", problem: null, attempts: 0, retryAt: null });
        if (good && held.storageId === storageId) await copies.setPrimary(tx, held.id, good.storageId);
        await copies.refreshCopyWarnings(tx, held.id);
        return held;
      }),

    /** Goes on with deletions that were cut short or refused. */
    async finish(): Promise<void> {
      for (const row of await listDueTombstones(catalog, now(), batch)) await erase(row);
      for (const { backupId, storageId } of await copies.listDueRemovals(catalog, now(), batch)) {
        const row = await findBuried(catalog, backupId);
        if (row) await eraseCopy(row, storageId);
      }
      await packs.pruneDue();
    },
  };
}
