import type { Agenda } from "agenda";
import type { UploadId } from "../domain/ids.ts";
import type { Uploads } from "../services/uploads.ts";
import { lockLifetime, withHeartbeat } from "./heartbeat.ts";

/** Inspects the upload that waits. */
export const defineInspection = (agenda: Agenda, uploads: Pick<Uploads, "perform">) =>
  agenda.define<{ id: UploadId }>("inspection", (job) => withHeartbeat(job, () => uploads.perform(job.attrs.data.id)), {
    lockLifetime,
    concurrency: 1,
    removeOnComplete: true,
  });
