import type { BackupRow } from "../db/backups.ts";
import type { Db } from "../db/client.ts";
import { retryDeadlock } from "../db/deadlock.ts";
import { bury, listDueTombstones, lockBackup, recordRefusal, removeBackup } from "../db/deletions.ts";
import { lockSource } from "../db/sources.ts";
import { Failure, messageOf, notFound } from "../domain/errors.ts";
import type { BackupId, SourceId } from "../domain/ids.ts";
import { isFinal } from "../domain/operation.ts";
import { discardBackup } from "../engine/backup.ts";
import type { Bus } from "../events/bus.ts";
import type { Storages } from "./storages.ts";

interface Dependencies {
  readonly catalog: Db;
  readonly bus: Bus;
  readonly storages: Pick<Storages, "open">;
  readonly now: () => Date;
  readonly onError: (error: unknown) => void;
}

export type Deletions = ReturnType<typeof createDeletions>;

/** How many deletions one upkeep goes on with: the rest waits for the next, and hides behind nothing. */
const batch = 500;
const longestWait = 60;

/**
 * Deletes backups, by hand or by retention: the tombstone first, then the manifest, then the data, then the row. A crash leaves
 * something to sweep, never a row that points at nothing. A storage that refuses is asked again, less and less often.
 */
export function createDeletions({ catalog, bus, storages, now, onError }: Dependencies) {
  /** Removes what a tombstone stands for; why not, where its storage would not let go of it. */
  async function erase(row: BackupRow): Promise<string | null> {
    try {
      await discardBackup(await storages.open(row.storageId), row.folder);
    } catch (error) {
      onError(new Error(`Could not delete ${row.folder} yet: ${messageOf(error)}`, { cause: error }));
      const attempts = row.deletionAttempts + 1;
      const minutes = Math.min(2 ** (attempts - 1), longestWait);
      await recordRefusal(catalog, row.id, messageOf(error), attempts, new Date(now().getTime() + minutes * 60_000));
      bus.publish("backup", { id: row.id });
      return messageOf(error);
    }
    await removeBackup(catalog, row.id, now());
    bus.publish("backup", { id: row.id });
    return null;
  }

  return {
    erase,

    /**
     * Sets the tombstone. `refusal` looks at the catalog while nothing else can begin with the backup, and nothing else of its
     * source be deleted; what it answers is thrown.
     */
    async begin(
      { id, sourceId }: { readonly id: BackupId; readonly sourceId: SourceId },
      refusal: (tx: Db, row: BackupRow) => Promise<Failure | null>,
    ): Promise<BackupRow> {
      const row = await retryDeadlock(() =>
        catalog.transaction(
          async (tx) => {
            await lockSource(tx, sourceId);
            const held = await lockBackup(tx, id);
            if (!held) throw notFound("backup", id);
            if (held.pinned) throw new Failure("CONFLICT", `${held.name} is pinned.`, "Unpin it first.", { reason: "PINNED" });
            if (!isFinal(held.status)) throw new Failure("CONFLICT", `${held.name} is still being taken.`, "Cancel it first.");
            const refused = await refusal(tx, held);
            if (refused) throw refused;
            await bury(tx, [id], now());
            return held;
          },
          // What is looked at is what is there now, not when the transaction began.
          { isolationLevel: "read committed" },
        ),
      );
      bus.publish("backup", { id });
      return row;
    },

    /** Goes on with deletions that were cut short or refused. */
    async finish(): Promise<void> {
      for (const row of await listDueTombstones(catalog, now(), batch)) await erase(row);
    },
  };
}
