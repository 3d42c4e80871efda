import type { VerificationLevel } from "../../shared/enums.ts";
import type { BackupRow } from "../db/backups.ts";
import { findBackup } from "../db/backups.ts";
import type { Db } from "../db/client.ts";
import { lockSource } from "../db/sources.ts";
import { insertVerification, listActiveVerificationsOf, listUnverified, listVerificationsOf } from "../db/verifications.ts";
import { badInput, Failure } from "../domain/errors.ts";
import { newId, type VerificationId } from "../domain/ids.ts";
import type { Bus } from "../events/bus.ts";
import type { Queue } from "./queue.ts";

interface Dependencies {
  readonly catalog: Db;
  readonly bus: Bus;
  readonly queue: Queue;
  readonly now: () => Date;
}

/** Writes verifications down as waiting: for whoever asks for one, and for backups that were asked for with one. */
export function createVerificationRequests({ catalog, bus, queue, now }: Dependencies) {
  /** `unless` looks at the catalog while nothing else can begin on the backup's source. */
  async function reserve(
    backup: BackupRow,
    level: VerificationLevel,
    actor: string,
    unless: (tx: Db) => Promise<boolean>,
    id = newId<VerificationId>(),
  ) {
    const wanted = await catalog.transaction(async (tx) => {
      await lockSource(tx, backup.sourceId);
      if (await unless(tx)) return false;
      await insertVerification(tx, { id, backupId: backup.id, level, actor, status: "QUEUED", createdAt: now() });
      return true;
    });
    if (!wanted) return null;
    bus.publish("verification", { id });
    bus.publish("backup", { id: backup.id });
    await queue.add("verification", id);
    return id;
  }

  const follow = (backup: BackupRow): Promise<VerificationId | null> =>
    backup.status === "COMPLETED" && backup.verify !== null
      ? reserve(
          backup,
          backup.verify,
          backup.actor,
          async (tx) => (await findBackup(tx, backup.id)) === null || (await listVerificationsOf(tx, [backup.id])).length > 0,
        )
      : Promise.resolve(null);

  return {
    /** Refuses a backup that is not complete, and one that is being verified. */
    async request(backup: BackupRow, level: VerificationLevel, actor: string, wanted = newId<VerificationId>()): Promise<VerificationId> {
      if (backup.status !== "COMPLETED")
        throw badInput(`${backup.name} is not complete, so there is nothing to verify.`, "Choose a completed backup.");
      const id = await reserve(
        backup,
        level,
        actor,
        async (tx) => {
          if ((await listActiveVerificationsOf(tx, backup.id)).length > 0)
            throw new Failure("CONFLICT", `${backup.name} is being verified.`, "Wait until that has ended, or cancel it.");
          // It may have been deleted since it was looked up.
          return (await findBackup(tx, backup.id)) === null;
        },
        wanted,
      );
      if (id === null) throw new Failure("NOT_FOUND", `There is no backup ${backup.id}.`);
      return id;
    },

    /** The verification that a completed backup was asked for with; null when it has one already, or wants none. */
    follow,

    /** The same for backups whose worker ended before it came to that. */
    async followAll(): Promise<void> {
      for (const backup of await listUnverified(catalog)) await follow(backup);
    },
  };
}
