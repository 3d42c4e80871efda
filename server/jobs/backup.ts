import type { Agenda } from "agenda";
import type { BackupId } from "../domain/ids.ts";
import type { Backups } from "../services/backups.ts";
import { atOnce, lockLifetime, withHeartbeat } from "./heartbeat.ts";

/** Takes the backup that waits. */
export const defineBackup = (agenda: Agenda, backups: Pick<Backups, "perform">) =>
  agenda.define<{ id: BackupId }>("backup", (job) => withHeartbeat(job, () => backups.perform(job.attrs.data.id)), {
    lockLifetime,
    concurrency: atOnce,
    removeOnComplete: true,
  });
