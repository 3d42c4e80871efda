import { setTimeout as sleep } from "node:timers/promises";
import type { Db } from "../db/client.ts";
import { findOperation, listActive, listCreatedAfter, type OperationRow } from "../db/operations.ts";
import { findVerification } from "../db/verifications.ts";
import type { OperationId, VerificationId } from "../domain/ids.ts";
import { isFinal } from "../domain/operation.ts";
import type { Bus } from "../events/bus.ts";
import { publishChange } from "./operation-view.ts";
import { thisWorker } from "./worker.ts";

interface Dependencies {
  readonly db: Db;
  readonly bus: Bus;
  readonly now: () => Date;
  readonly onError: (error: unknown) => void;
}

/** A worker writes its progress down once a second, so looking more often would show nothing more. */
const everyMilliseconds = 1000;
/** How far back to look for what began, and perhaps ended, since the last look: the clocks of two machines differ. */
const marginMilliseconds = 10_000;

/**
 * Tells this process's listeners of operations that other processes run on the same catalog, such as a command's beside the server,
 * a second late at most. `stop` waits for a look that is under way.
 */
export function followOthers({ db, bus, now, onError }: Dependencies): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const worker = thisWorker();
  let known: ReadonlyMap<OperationId, OperationRow> = new Map();
  let lastLook = now();

  const tell = (operation: OperationRow, before: OperationRow | undefined) => {
    const { id, kind, status, progress } = operation;
    const turned = status !== before?.status;
    // One that waits has no progress yet; whoever is about to run it may be this process.
    if (status !== "QUEUED" && (turned || progress.at.getTime() !== before.progress.at.getTime())) bus.publish("progress", progress);
    if (turned || !isFinal(status)) bus.publish("log", { operationId: id });
    if (!turned) return;
    publishChange(bus, kind, id);
    // What a backup shows of its proof has changed with it.
    if (kind === "VERIFICATION")
      void findVerification(db, id as VerificationId).then((row) => row && bus.publish("backup", { id: row.backupId }), onError);
  };

  async function look(): Promise<void> {
    const at = now();
    const since = new Date(lastLook.getTime() - marginMilliseconds);
    const found = new Map([...(await listCreatedAfter(db, since)), ...(await listActive(db))].map((each) => [each.id, each]));
    for (const { id, status } of known.values()) {
      const ended = found.has(id) || isFinal(status) ? null : await findOperation(db, id);
      if (ended) found.set(id, ended);
    }
    for (const [id, operation] of found)
      if (operation.worker === worker) found.delete(id);
      else tell(operation, known.get(id));
    known = found;
    lastLook = at;
  }

  const following = (async () => {
    while (!stopping.signal.aborted) {
      await sleep(everyMilliseconds, undefined, { signal: stopping.signal, ref: false })
        .then(look)
        .catch((error: unknown) => {
          if (!stopping.signal.aborted) onError(error);
        });
    }
  })();

  return {
    async stop() {
      stopping.abort();
      await following;
    },
  };
}
