import type { Agenda } from "agenda";
import type { CleanupId } from "../domain/ids.ts";
import type { Cleanups } from "../services/cleanups.ts";
import { lockLifetime, withHeartbeat } from "./heartbeat.ts";

/** Carries out the cleanup that waits; there is never a second one. */
export const defineCleanup = (agenda: Agenda, cleanups: Pick<Cleanups, "perform">) =>
  agenda.define<{ id: CleanupId }>("cleanup", (job) => withHeartbeat(job, () => cleanups.perform(job.attrs.data.id)), {
    lockLifetime,
    concurrency: 1,
    removeOnComplete: true,
  });
