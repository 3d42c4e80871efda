import { findBackup } from "../db/backups.ts";
import { listChannels } from "../db/channels.ts";
import type { Db } from "../db/client.ts";
import type { BackupId } from "../domain/ids.ts";
import type { Bus } from "../events/bus.ts";
import type { Sending } from "./sending.ts";
import { thisWorker } from "./worker.ts";

interface Dependencies {
  readonly db: Db;
  readonly bus: Bus;
  readonly sending: Pick<Sending, "beat" | "targetOf">;
  readonly onError: (error: unknown) => void;
}

export type Heartbeats = ReturnType<typeof followBeginnings>;

/**
 * Tells heartbeat channels when a backup begins in this process. Only once and in the background: a beginning that is told late
 * is worth nothing, and the end goes through the outbox.
 */
export function followBeginnings({ db, bus, sending, onError }: Dependencies) {
  const stream = bus.subscribe("backup");
  const stopping = new AbortController();
  const begun = new Set<BackupId>();
  const beating = new Set<Promise<unknown>>();
  const worker = thisWorker();

  async function tell(id: BackupId): Promise<void> {
    if (begun.has(id)) return;
    const backup = await findBackup(db, id);
    if (backup?.status !== "RUNNING" || backup.worker !== worker || backup.trigger === "PRE_RESTORE") return;
    begun.add(id);
    const channels = (await listChannels(db)).filter(
      ({ kind, active, sourceIds }) => kind === "HEARTBEAT" && active && (sourceIds === null || sourceIds.includes(backup.sourceId)),
    );
    for (const channel of channels) {
      const beat = Promise.resolve()
        .then(() => sending.beat(sending.targetOf(channel), "start", stopping.signal))
        .catch((error: unknown) => {
          if (!stopping.signal.aborted) onError(error);
        })
        .finally(() => beating.delete(beat));
      beating.add(beat);
    }
  }

  const following = (async () => {
    for await (const { id } of stream) await tell(id).catch(onError);
  })();

  return {
    async stop(): Promise<void> {
      stopping.abort();
      stream.close();
      await following;
      await Promise.all(beating);
    },
  };
}
