import type { Agenda } from "agenda";
import type { CopyId } from "../domain/ids.ts";
import type { Copies } from "../services/copies.ts";
import { atOnce, lockLifetime, withHeartbeat } from "./heartbeat.ts";

/** Brings the backup of the copy that waits to its storage. */
export const defineCopy = (agenda: Agenda, copies: Pick<Copies, "perform">) =>
  agenda.define<{ id: CopyId }>("copy", (job) => withHeartbeat(job, () => copies.perform(job.attrs.data.id)), {
    lockLifetime,
    concurrency: atOnce,
    removeOnComplete: true,
  });
