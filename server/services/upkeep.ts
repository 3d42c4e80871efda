import type { BackupId, RestoreId } from "../domain/ids.ts";
import type { Backups } from "./backups.ts";
import type { Operations } from "./operations.ts";
import type { Queue } from "./queue.ts";
import type { Restores } from "./restores.ts";

interface Dependencies {
  readonly operations: Operations;
  readonly backups: Backups;
  readonly restores: Restores;
  readonly queue: Queue;
}

export type Upkeep = ReturnType<typeof createUpkeep>;

/** Puts right what crashes left behind, and goes on with what could not be done before. */
export const createUpkeep = ({ operations, backups, restores, queue }: Dependencies) => ({
  async perform(): Promise<void> {
    await operations.settleInterrupted(({ kind, id }) =>
      kind === "BACKUP" ? backups.settle(id as BackupId) : restores.settle(id as RestoreId),
    );
    await restores.finishRepairs();
    await backups.finishDeletions();
    // A job may be lost or locked by a worker that is gone; the operation that waits is what counts.
    for (const { kind, id } of await operations.waiting()) await queue.add(kind === "BACKUP" ? "backup" : "restore", id);
  },
});
