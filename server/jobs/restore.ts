import type { Agenda } from "agenda";
import type { RestoreId } from "../domain/ids.ts";
import type { Restores } from "../services/restores.ts";
import { atOnce, lockLifetime, withHeartbeat } from "./heartbeat.ts";

/** Puts the restore that waits into effect. */
export const defineRestore = (agenda: Agenda, restores: Pick<Restores, "perform">) =>
  agenda.define<{ id: RestoreId }>("restore", (job) => withHeartbeat(job, () => restores.perform(job.attrs.data.id)), {
    lockLifetime,
    concurrency: atOnce,
    removeOnComplete: true,
  });
